package io.frontrow.druid.avro;

import java.util.List;
import org.apache.druid.data.input.InputRow;
import org.apache.druid.data.input.Row;
import org.apache.druid.data.input.Rows;
import org.apache.druid.java.util.common.DateTimes;
import org.joda.time.DateTime;

/** One message as a row: the values of the spec's columns, and the bytes for any other that is asked for. */
final class AvroRow implements InputRow {
  private final RowDecoder decoder;
  private final byte[] message;
  private final Object[] values;
  private final long timestamp;
  private DateTime dateTime;
  private Object[] all;

  AvroRow(RowDecoder decoder, byte[] message, Object[] values, long timestamp) {
    this.decoder = decoder;
    this.message = message;
    this.values = values;
    this.timestamp = timestamp;
  }

  @Override
  public List<String> getDimensions() {
    return decoder.dimensions();
  }

  @Override
  public long getTimestampFromEpoch() {
    return timestamp;
  }

  @Override
  public DateTime getTimestamp() {
    if (dateTime == null) {
      dateTime = DateTimes.utc(timestamp);
    }
    return dateTime;
  }

  @Override
  public Object getRaw(String column) {
    Integer slot = decoder.slot(column);
    if (slot == null) {
      return null;
    }
    return slot >= 0 ? values[slot] : late(column);
  }

  private Object late(String column) {
    Projection projection = decoder.all();
    if (all == null) {
      all = projection.decode(message);
    }
    return all[projection.slot(column)];
  }

  @Override
  public List<String> getDimension(String column) {
    return Rows.objectToStrings(getRaw(column));
  }

  @Override
  public Number getMetric(String column) {
    return Rows.objectToNumber(column, getRaw(column), true);
  }

  @Override
  public int compareTo(Row other) {
    return Long.compare(timestamp, other.getTimestampFromEpoch());
  }

  /** Without values: rows are printed in logs, and a value may be somebody's id. */
  @Override
  public String toString() {
    return "AvroRow{timestamp=" + DateTimes.utc(timestamp) + ", bytes=" + message.length + "}";
  }
}
