package io.frontrow.druid.avro;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Decodes a record: as a Map where it is a value, as an array of chosen fields where it is the whole message. */
final class RecordDecoder extends ValueDecoder {
  /** The slot of a field that is passed over. */
  static final int DROPPED = -1;

  private final String[] written;
  private final String[] known;
  private final ValueDecoder[] steps;
  private final int[] slots;
  private final Object[] defaults;

  /**
   * @param written names of the writer's fields, in the order of the bytes
   * @param known names of the reader's fields
   */
  RecordDecoder(String[] written, String[] known) {
    this.written = written;
    this.known = known;
    steps = new ValueDecoder[written.length];
    slots = new int[written.length];
    defaults = new Object[known.length];
  }

  private RecordDecoder(RecordDecoder whole, int[] slots, Object[] defaults) {
    written = whole.written;
    known = whole.known;
    steps = whole.steps;
    this.slots = slots;
    this.defaults = defaults;
  }

  /** The writer's field {@code index} is read by {@code decoder} and becomes the reader's field {@code slot}. */
  void step(int index, ValueDecoder decoder, int slot) {
    steps[index] = decoder;
    slots[index] = slot;
  }

  /** The value of a field the writer does not know. */
  void setDefault(int slot, Object value) {
    defaults[slot] = value;
  }

  /**
   * The same record with only some of its fields.
   *
   * @param chosen for each of the reader's fields its place among the values, or {@link #DROPPED}
   * @param width number of values
   */
  RecordDecoder choose(int[] chosen, int width) {
    int[] places = Arrays.stream(slots).map(slot -> slot == DROPPED ? DROPPED : chosen[slot]).toArray();
    Object[] values = new Object[width];
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i] != DROPPED) {
        values[chosen[i]] = defaults[i];
      }
    }
    return new RecordDecoder(this, places, values);
  }

  /** The values of the chosen fields; a fault names the field it lies in. */
  Object[] readValues(MessageBytes in) {
    in.enterRecord();
    Object[] values = defaults.clone();
    int i = 0;
    try {
      for (; i < steps.length; i++) {
        int slot = slots[i];
        if (slot >= 0) {
          values[slot] = steps[i].read(in);
        } else {
          steps[i].skip(in);
        }
      }
    } catch (BadMessageException e) {
      throw new BadMessageException("field '" + written[i] + "': " + e.getMessage());
    }
    in.leaveRecord();
    return values;
  }

  @Override
  Object read(MessageBytes in) {
    Object[] values = readValues(in);
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < known.length; i++) {
      map.put(known[i], values[i]);
    }
    return map;
  }

  @Override
  void skip(MessageBytes in) {
    in.enterRecord();
    for (ValueDecoder step : steps) {
      step.skip(in);
    }
    in.leaveRecord();
  }
}
