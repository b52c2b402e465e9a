package io.frontrow.druid.avro;

/** A writer's schema of which no value could be read as the reader's. */
final class UnresolvableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnresolvableException(String message) {
    super(message);
  }

  UnresolvableException within(String field) {
    return new UnresolvableException("field '" + field + "': " + getMessage());
  }
}
