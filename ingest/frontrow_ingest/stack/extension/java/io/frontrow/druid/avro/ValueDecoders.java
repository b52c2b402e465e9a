package io.frontrow.druid.avro;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Resolver;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;

/** Makes the decoders for one resolution of a writer's schema to the reader's. */
final class ValueDecoders {
  /**
   * @param binaryAsString bytes and fixed become strings (UTF-8, anything else replaced), as druid-avro-extensions does
   * @param tagUnions values of a record's unions of several types come as {@link UnionValue}
   */
  record Options(boolean binaryAsString, boolean tagUnions) {}

  private final Options options;
  private final Map<Resolver.RecordAdjust, RecordDecoder> records = new IdentityHashMap<>();

  private ValueDecoders(Options options) {
    this.options = options;
  }

  /** The decoder of a whole message. */
  static RecordDecoder of(Resolver.Action action, Options options) {
    return (RecordDecoder) new ValueDecoders(options).make(action, false);
  }

  /** Throws {@link UnresolvableException} where no message of the writer's could be read. */
  static void check(Resolver.Action action) {
    of(action, new Options(false, false));
  }

  private ValueDecoder make(Resolver.Action action, boolean tag) {
    switch (action.type) {
      case DO_NOTHING:
        return same(action.reader);
      case PROMOTE:
        return promoted(action.writer.getType(), action.reader.getType());
      case ENUM:
        return enumeration((Resolver.EnumAdjust) action);
      case CONTAINER:
        ValueDecoder element = make(((Resolver.Container) action).elementAction, false);
        return action.reader.getType() == Schema.Type.ARRAY
            ? new ContainerDecoders.Items(element)
            : new ContainerDecoders.Entries(element);
      case RECORD:
        return record((Resolver.RecordAdjust) action);
      case READER_UNION:
        Resolver.ReaderUnion union = (Resolver.ReaderUnion) action;
        return tagged(make(union.actualAction, false), union.reader.getTypes().get(union.firstMatch), tag);
      case WRITER_UNION:
        return union((Resolver.WriterUnion) action, tag);
      case SKIP:
        return make(Resolver.resolve(action.writer, action.writer, GenericData.get()), false);
      default:
        throw new UnresolvableException(action.toString());
    }
  }

  private ValueDecoder same(Schema schema) {
    switch (schema.getType()) {
      case NULL:
        return PrimitiveDecoders.NULL;
      case BOOLEAN:
        return PrimitiveDecoders.BOOLEAN;
      case INT:
        return PrimitiveDecoders.INT;
      case LONG:
        return PrimitiveDecoders.LONG;
      case FLOAT:
        return PrimitiveDecoders.FLOAT;
      case DOUBLE:
        return PrimitiveDecoders.DOUBLE;
      case STRING:
        return new PrimitiveDecoders.Text();
      case BYTES:
        return new PrimitiveDecoders.Binary(options.binaryAsString());
      case FIXED:
        return new PrimitiveDecoders.Fixed(schema.getFixedSize(), options.binaryAsString());
      default:
        throw new UnresolvableException("type " + schema.getType().getName() + " is not decodable");
    }
  }

  private ValueDecoder promoted(Schema.Type writer, Schema.Type reader) {
    switch (reader) {
      case LONG:
        return PrimitiveDecoders.INT_AS_LONG;
      case FLOAT:
        return writer == Schema.Type.INT ? PrimitiveDecoders.INT_AS_FLOAT : PrimitiveDecoders.LONG_AS_FLOAT;
      case DOUBLE:
        return writer == Schema.Type.FLOAT
            ? PrimitiveDecoders.FLOAT_AS_DOUBLE
            : writer == Schema.Type.INT ? PrimitiveDecoders.INT_AS_DOUBLE : PrimitiveDecoders.LONG_AS_DOUBLE;
      case STRING:
        return new PrimitiveDecoders.Text();
      case BYTES:
        return new PrimitiveDecoders.TextAsBinary(options.binaryAsString());
      default:
        throw new UnresolvableException(writer.getName() + " cannot be read as " + reader.getName());
    }
  }

  private static ValueDecoder enumeration(Resolver.EnumAdjust action) {
    List<String> written = action.writer.getEnumSymbols();
    List<String> known = action.reader.getEnumSymbols();
    String[] symbols = new String[written.size()];
    for (int i = 0; i < symbols.length; i++) {
      int adjusted = action.adjustments[i];
      symbols[i] = adjusted < 0 ? null : known.get(adjusted);
    }
    return new PrimitiveDecoders.Symbol(symbols);
  }

  private ValueDecoder union(Resolver.WriterUnion action, boolean tag) {
    ValueDecoder[] branches = new ValueDecoder[action.actions.length];
    for (int i = 0; i < branches.length; i++) {
      Resolver.Action branch = action.actions[i];
      try {
        branches[i] =
            branch.type == Resolver.Action.Type.READER_UNION
                ? make(branch, tag)
                : tagged(make(branch, false), branch.reader, tag);
      } catch (UnresolvableException e) {
        // Only the messages that use this branch are unreadable.
        branches[i] = new ContainerDecoders.Unreadable(e.getMessage());
      }
    }
    return new ContainerDecoders.Union(branches);
  }

  private static ValueDecoder tagged(ValueDecoder decoder, Schema type, boolean tag) {
    return tag && type.getType() != Schema.Type.NULL ? new ContainerDecoders.Tagged(type.getName(), decoder) : decoder;
  }

  private RecordDecoder record(Resolver.RecordAdjust action) {
    RecordDecoder made = records.get(action);
    if (made != null) {
      return made;
    }
    List<Schema.Field> written = action.writer.getFields();
    List<Schema.Field> known = action.reader.getFields();
    RecordDecoder decoder = new RecordDecoder(names(written), names(known));
    records.put(action, decoder);
    int next = 0;
    for (int i = 0; i < action.fieldActions.length; i++) {
      Resolver.Action fieldAction = action.fieldActions[i];
      try {
        if (fieldAction.type == Resolver.Action.Type.SKIP) {
          decoder.step(i, make(fieldAction, false), RecordDecoder.DROPPED);
        } else {
          Schema.Field field = action.readerOrder[next++];
          decoder.step(i, make(fieldAction, tags(field.schema())), field.pos());
        }
      } catch (UnresolvableException e) {
        throw e.within(written.get(i).name());
      }
    }
    for (int i = action.firstDefault; i < action.readerOrder.length; i++) {
      Schema.Field field = action.readerOrder[i];
      decoder.setDefault(field.pos(), defaultOf(field, action.defaults[i - action.firstDefault]));
    }
    return decoder;
  }

  private static String[] names(List<Schema.Field> fields) {
    return fields.stream().map(Schema.Field::name).toArray(String[]::new);
  }

  /** Whether values of this union are told apart by type: more than one type besides null. */
  private boolean tags(Schema schema) {
    return options.tagUnions()
        && schema.isUnion()
        && schema.getTypes().stream().filter(type -> type.getType() != Schema.Type.NULL).count() > 1;
  }

  private Object defaultOf(Schema.Field field, Object value) {
    Object plain = plain(value);
    if (plain == null || !tags(field.schema())) {
      return plain;
    }
    int branch = GenericData.get().resolveUnion(field.schema(), value);
    return new UnionValue(field.schema().getTypes().get(branch).getName(), plain);
  }

  /** A value of Avro's generic types as one of Druid's rows. */
  private Object plain(Object value) {
    if (value instanceof CharSequence || value instanceof GenericData.EnumSymbol) {
      return value.toString();
    }
    if (value instanceof ByteBuffer) {
      ByteBuffer buffer = ((ByteBuffer) value).duplicate();
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return binary(bytes);
    }
    if (value instanceof GenericFixed) {
      return binary(((GenericFixed) value).bytes());
    }
    if (value instanceof List) {
      List<Object> list = new ArrayList<>();
      ((List<?>) value).forEach(item -> list.add(plain(item)));
      return list;
    }
    if (value instanceof Map) {
      Map<String, Object> map = new LinkedHashMap<>();
      ((Map<?, ?>) value).forEach((key, item) -> map.put(key.toString(), plain(item)));
      return map;
    }
    if (value instanceof IndexedRecord) {
      IndexedRecord record = (IndexedRecord) value;
      Map<String, Object> map = new LinkedHashMap<>();
      record.getSchema().getFields().forEach(field -> map.put(field.name(), plain(record.get(field.pos()))));
      return map;
    }
    return value;
  }

  private Object binary(byte[] bytes) {
    return options.binaryAsString() ? new String(bytes, StandardCharsets.UTF_8) : bytes;
  }
}
