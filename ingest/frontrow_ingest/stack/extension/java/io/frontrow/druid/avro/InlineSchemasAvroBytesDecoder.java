package io.frontrow.druid.avro;

import com.fasterxml.jackson.annotation.JacksonInject;
import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.druid.guice.annotations.Json;

/** Messages of several schemas: byte 0x01, the schema's id as four bytes big-endian, the record. */
public final class InlineSchemasAvroBytesDecoder implements AvroBytesDecoder {
  private final Map<String, Map<String, Object>> declared;
  private final SchemaSet schemas;

  @JsonCreator
  public InlineSchemasAvroBytesDecoder(
      @JacksonInject @Json ObjectMapper mapper, @JsonProperty("schemas") Map<String, Map<String, Object>> schemas) {
    if (schemas == null || schemas.isEmpty()) {
      throw new IllegalArgumentException("multiple_schemas_inline needs at least one schema in \"schemas\"");
    }
    declared = schemas;
    Map<Integer, Schema> parsed = new TreeMap<>();
    for (Map.Entry<String, Map<String, Object>> entry : schemas.entrySet()) {
      String key = entry.getKey();
      int id;
      try {
        id = Integer.parseInt(key);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("schema id '" + key + "' is not a 32-bit integer", e);
      }
      if (parsed.put(id, SchemaSet.parse(mapper, entry.getValue(), "schema " + key)) != null) {
        throw new IllegalArgumentException("schema id " + id + " is given twice");
      }
    }
    this.schemas = SchemaSet.framed(parsed);
  }

  @JsonProperty
  public Map<String, Map<String, Object>> getSchemas() {
    return declared;
  }

  @Override
  public SchemaSet schemas() {
    return schemas;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InlineSchemasAvroBytesDecoder
        && declared.equals(((InlineSchemasAvroBytesDecoder) other).declared);
  }

  @Override
  public int hashCode() {
    return declared.hashCode();
  }
}
