package io.frontrow.druid.avro;

import com.fasterxml.jackson.annotation.JacksonInject;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.apache.druid.guice.annotations.Json;

/** Messages of one schema, without any header: the whole message is the record. */
public final class InlineSchemaAvroBytesDecoder implements AvroBytesDecoder {
  private final Map<String, Object> declared;
  private final SchemaSet schemas;

  @JsonCreator
  public InlineSchemaAvroBytesDecoder(
      @JacksonInject @Json ObjectMapper mapper, @JsonProperty("schema") Map<String, Object> schema) {
    if (schema == null) {
      throw new IllegalArgumentException("schema_inline needs a \"schema\"");
    }
    declared = schema;
    schemas = SchemaSet.bare(SchemaSet.parse(mapper, schema, "schema"));
  }

  @JsonProperty
  public Map<String, Object> getSchema() {
    return declared;
  }

  @Override
  public SchemaSet schemas() {
    return schemas;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InlineSchemaAvroBytesDecoder
        && declared.equals(((InlineSchemaAvroBytesDecoder) other).declared);
  }

  @Override
  public int hashCode() {
    return declared.hashCode();
  }
}
