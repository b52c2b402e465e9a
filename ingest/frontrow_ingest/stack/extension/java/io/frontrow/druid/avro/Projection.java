package io.frontrow.druid.avro;

import com.jayway.jsonpath.JsonPath;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;

/** Decodes messages to the values of some columns. Not thread-safe: it keeps a cursor and caches of strings. */
final class Projection {
  /** {@link #slot} of a column that exists and is not among the values. */
  static final int LEFT_OUT = -1;

  private static final int HEADER = 5;
  private static final byte MAGIC = 0x01;

  private final SchemaSet schemas;
  private final Flattening flattening;
  private final ValueDecoders.Options options;
  private final Map<String, Integer> slots = new HashMap<>();
  private final Map<String, Integer> computed = new LinkedHashMap<>();
  private final int[] chosen;
  private final int width;
  private final Map<Integer, RecordDecoder> decoders = new HashMap<>();
  private final MessageBytes in = new MessageBytes();

  /**
   * @param wanted the columns to decode
   * @param options {@code tagUnions} only says that paths, if any, see the types of unions
   */
  Projection(SchemaSet schemas, Flattening flattening, ValueDecoders.Options options, Predicate<String> wanted) {
    this.schemas = schemas;
    this.flattening = flattening;
    List<Schema.Field> fields = schemas.reader().getFields();
    boolean[] needed = new boolean[fields.size()];
    for (Schema.Field field : fields) {
      needed[field.pos()] = !flattening.declares(field.name()) && wanted.test(field.name());
    }
    flattening.renamed().forEach((name, field) -> need(field, wanted.test(name), needed));
    flattening.paths().forEach((name, column) -> need(column.root(), wanted.test(name), needed));
    chosen = new int[fields.size()];
    int next = 0;
    for (Schema.Field field : fields) {
      chosen[field.pos()] = needed[field.pos()] ? next++ : RecordDecoder.DROPPED;
      slots.put(field.name(), wanted.test(field.name()) ? chosen[field.pos()] : LEFT_OUT);
    }
    for (Map.Entry<String, String> column : flattening.renamed().entrySet()) {
      Schema.Field field = schemas.reader().getField(column.getValue());
      if (field == null) {
        slots.remove(column.getKey());
      } else {
        slots.put(column.getKey(), wanted.test(column.getKey()) ? chosen[field.pos()] : LEFT_OUT);
      }
    }
    for (String name : flattening.paths().keySet()) {
      if (wanted.test(name)) {
        computed.put(name, next++);
      }
      slots.put(name, computed.getOrDefault(name, LEFT_OUT));
    }
    width = next;
    this.options = new ValueDecoders.Options(options.binaryAsString(), options.tagUnions() && !computed.isEmpty());
  }

  private static Object read(JsonPath path, Map<String, Object> record) {
    try {
      return path.read(record, Flattening.JSON_PATH);
    } catch (RuntimeException e) {
      // A path that does not fit this record finds nothing in it, as where JSONPath suppresses its exceptions itself.
      return null;
    }
  }

  /** Marks the field a declared column reads; null stands for all of them. */
  private void need(String name, boolean wanted, boolean[] needed) {
    if (!wanted) {
      return;
    }
    for (Schema.Field field : schemas.reader().getFields()) {
      needed[field.pos()] |= name == null || name.equals(field.name());
    }
  }

  /** Where the column lies among the values, {@link #LEFT_OUT}, or null where there is no such column. */
  Integer slot(String column) {
    return slots.get(column);
  }

  /** The values of one message; {@link BadMessageException} unless all of it is one record of a known schema. */
  Object[] decode(byte[] message) {
    RecordDecoder decoder = begin(message);
    Object[] values = decoder.readValues(in);
    if (in.remaining() > 0) {
      throw new BadMessageException(in.remaining() + " bytes after the record");
    }
    if (!computed.isEmpty()) {
      compute(values);
    }
    return values;
  }

  private RecordDecoder begin(byte[] message) {
    if (!schemas.framed()) {
      in.reset(message, 0);
      return decoder(0);
    }
    if (message.length < HEADER) {
      throw new BadMessageException("message of " + message.length + " bytes is shorter than its header of " + HEADER);
    }
    if (message[0] != MAGIC) {
      throw new BadMessageException("message begins with byte " + (message[0] & 0xff) + " instead of " + MAGIC);
    }
    in.reset(message, HEADER);
    return decoder(
        message[1] << 24 | (message[2] & 0xff) << 16 | (message[3] & 0xff) << 8 | (message[4] & 0xff));
  }

  private RecordDecoder decoder(int id) {
    RecordDecoder made = decoders.get(id);
    if (made == null) {
      Resolver.Action resolution = schemas.resolution(id);
      if (resolution == null) {
        throw new BadMessageException("schema id " + id + " is unknown to the spec");
      }
      made = ValueDecoders.of(resolution, options).choose(chosen, width);
      decoders.put(id, made);
    }
    return made;
  }

  private void compute(Object[] values) {
    Map<String, Object> record = new LinkedHashMap<>();
    for (Schema.Field field : schemas.reader().getFields()) {
      int slot = chosen[field.pos()];
      if (slot >= 0) {
        record.put(field.name(), values[slot]);
        if (options.tagUnions()) {
          values[slot] = UnionValue.strip(values[slot]);
        }
      }
    }
    computed.forEach(
        (name, slot) -> {
          Object found = read(flattening.paths().get(name).path(), record);
          values[slot] = options.tagUnions() ? UnionValue.strip(found) : found;
        });
  }
}
