package io.frontrow.druid.avro;

/**
 * Reads one value as written by one schema and answers it as read by another, in the plain types Druid's rows hold:
 * Boolean, Integer, Long, Float, Double, String, byte[], List, Map.
 */
abstract class ValueDecoder {
  /** The value at the cursor. */
  abstract Object read(MessageBytes in);

  /** Passes over the value, refusing all that {@link #read} would refuse: whether a message counts must not depend on
   * the columns a spec happens to use. */
  abstract void skip(MessageBytes in);
}
