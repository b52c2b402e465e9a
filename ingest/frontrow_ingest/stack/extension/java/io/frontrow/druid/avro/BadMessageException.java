package io.frontrow.druid.avro;

/**
 * Bytes that are no record of the contract. The text names the field and the fault and never a value, which could be
 * somebody's id. Carries no stack trace: a flood of bad messages must stay cheap.
 */
final class BadMessageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BadMessageException(String message) {
    super(message, null, false, false);
  }
}
