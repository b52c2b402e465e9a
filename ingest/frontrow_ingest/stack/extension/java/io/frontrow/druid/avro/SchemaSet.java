package io.frontrow.druid.avro;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;

/**
 * The schemas messages were written with, each resolved to the one they are read as: the one of the highest id.
 *
 * <p>Resolution is Avro's own ({@link Resolver}): defaults for fields the writer did not know, promotions, reordered
 * and dropped fields, aliases, enum defaults. A pair that no message could satisfy is refused here, with the spec.
 */
public final class SchemaSet {
  private final Schema reader;
  private final Map<Integer, Resolver.Action> resolutions;
  private final boolean framed;

  private SchemaSet(Schema reader, Map<Integer, Resolver.Action> resolutions, boolean framed) {
    this.reader = reader;
    this.resolutions = resolutions;
    this.framed = framed;
  }

  /** Messages name their schema: {@code 0x01}, four bytes of id, the record. */
  static SchemaSet framed(Map<Integer, Schema> writers) {
    SortedMap<Integer, Schema> sorted = new TreeMap<>(writers);
    int newest = sorted.lastKey();
    Schema reader = sorted.get(newest);
    Map<Integer, Resolver.Action> resolutions = new HashMap<>();
    for (Map.Entry<Integer, Schema> writer : sorted.entrySet()) {
      int id = writer.getKey();
      String pair = id == newest ? "schema " + id : "schema " + id + ", read as schema " + newest;
      resolutions.put(id, resolve(writer.getValue(), reader, pair));
    }
    return new SchemaSet(reader, resolutions, true);
  }

  /** Messages are records of this schema and nothing else. */
  static SchemaSet bare(Schema schema) {
    return new SchemaSet(schema, Map.of(0, resolve(schema, schema, "schema")), false);
  }

  static Schema parse(ObjectMapper mapper, Map<String, Object> declared, String name) {
    Schema schema;
    try {
      schema = new Schema.Parser().parse(mapper.writeValueAsString(declared));
    } catch (AvroRuntimeException | JsonProcessingException e) {
      throw new IllegalArgumentException(name + " is not an Avro schema: " + e.getMessage(), e);
    }
    if (schema.getType() != Schema.Type.RECORD) {
      throw new IllegalArgumentException(
          name + " is of type " + schema.getType().getName() + ": a message must be an Avro record");
    }
    return schema;
  }

  private static Resolver.Action resolve(Schema writer, Schema reader, String pair) {
    Resolver.Action action = Resolver.resolve(writer, reader, GenericData.get());
    try {
      ValueDecoders.check(action);
    } catch (UnresolvableException e) {
      throw new IllegalArgumentException(pair + ": " + e.getMessage(), e);
    }
    return action;
  }

  /** The schema every message is read as. */
  Schema reader() {
    return reader;
  }

  /** Whether a message begins with its schema's id. */
  boolean framed() {
    return framed;
  }

  /** How records written with schema {@code id} become records of the reader's; null for an unknown id. */
  Resolver.Action resolution(int id) {
    return resolutions.get(id);
  }
}
