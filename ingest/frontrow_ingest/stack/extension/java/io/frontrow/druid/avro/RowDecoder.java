package io.frontrow.druid.avro;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.druid.data.input.ColumnsFilter;
import org.apache.druid.data.input.InputRowSchema;
import org.apache.druid.data.input.impl.DimensionsSpec;
import org.apache.druid.data.input.impl.MapInputRowParser;
import org.apache.druid.data.input.impl.TimestampSpec;
import org.apache.druid.java.util.common.Intervals;
import org.apache.druid.java.util.common.parsers.ParseException;
import org.joda.time.DateTime;

/** Makes Druid's rows of messages for one spec. Whatever is wrong with a message becomes a {@link ParseException}. */
final class RowDecoder {
  private static final long EARLIEST = Intervals.ETERNITY.getStartMillis();
  private static final long END = Intervals.ETERNITY.getEndMillis();

  private final SchemaSet schemas;
  private final Flattening flattening;
  private final ValueDecoders.Options options;
  private final TimestampSpec timestampSpec;
  private final boolean millis;
  private final List<String> dimensions;
  private final Projection wanted;
  private Projection all;

  RowDecoder(SchemaSet schemas, Flattening flattening, ValueDecoders.Options options, InputRowSchema rowSchema) {
    this.schemas = schemas;
    this.flattening = flattening;
    this.options = options;
    timestampSpec = rowSchema.getTimestampSpec();
    String format = timestampSpec.getTimestampFormat();
    millis = "millis".equals(format) || "auto".equals(format);
    DimensionsSpec dimensionsSpec = rowSchema.getDimensionsSpec();
    Set<String> columns = new LinkedHashSet<>(flattening.dimensions(dimensionsSpec.useSchemaDiscovery()));
    dimensions = List.copyOf(MapInputRowParser.findDimensions(timestampSpec, dimensionsSpec, columns));
    ColumnsFilter filter = rowSchema.getColumnsFilter().plus(timestampSpec.getTimestampColumn());
    wanted = new Projection(schemas, flattening, options, filter::apply);
  }

  /** The row of one message. */
  AvroRow decode(byte[] message) {
    try {
      Object[] values = wanted.decode(message);
      Integer slot = wanted.slot(timestampSpec.getTimestampColumn());
      return new AvroRow(this, message, values, timestamp(slot == null ? null : values[slot]));
    } catch (BadMessageException e) {
      throw new ParseException(null, "Message is not the Avro record the spec describes: %s", e.getMessage());
    } catch (ParseException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      // A single message must never end the task.
      throw new ParseException(null, e, "Message cannot be decoded: %s", e);
    }
  }

  /** Every field of the newest schema by name, as the sampler shows them. */
  Map<String, Object> fields(byte[] message) {
    Projection projection = new Projection(schemas, Flattening.of(null, schemas.reader()), options, column -> true);
    Object[] values = projection.decode(message);
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Schema.Field field : schemas.reader().getFields()) {
      fields.put(field.name(), values[projection.slot(field.name())]);
    }
    return fields;
  }

  List<String> dimensions() {
    return dimensions;
  }

  Integer slot(String column) {
    return wanted.slot(column);
  }

  /** The projection of every column, for one that the spec's own column filter did not announce. */
  Projection all() {
    if (all == null) {
      all = new Projection(schemas, flattening, options, column -> true);
    }
    return all;
  }

  private long timestamp(Object value) {
    if (millis && value instanceof Long) {
      return inRange((Long) value);
    }
    DateTime parsed;
    try {
      parsed = timestampSpec.parseDateTime(value);
    } catch (RuntimeException e) {
      throw new ParseException(null, e, "Timestamp[%s] is unparseable", value);
    }
    if (parsed == null) {
      throw new ParseException(null, "Timestamp[%s] is unparseable", value);
    }
    return inRange(parsed.getMillis());
  }

  private static long inRange(long timestamp) {
    if (timestamp < EARLIEST || timestamp >= END) {
      throw new ParseException(null, "Timestamp[%d] is out of Druid's range", timestamp);
    }
    return timestamp;
  }
}
