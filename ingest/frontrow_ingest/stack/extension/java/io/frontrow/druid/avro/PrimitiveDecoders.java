package io.frontrow.druid.avro;

import java.nio.charset.StandardCharsets;

/** Decoders of Avro's primitive types, of enums and of the promotions between them. */
final class PrimitiveDecoders {
  private PrimitiveDecoders() {}

  static final ValueDecoder NULL =
      new ValueDecoder() {
        @Override
        Object read(MessageBytes in) {
          return null;
        }

        @Override
        void skip(MessageBytes in) {
          // null takes no bytes
        }
      };

  static final ValueDecoder BOOLEAN =
      new ValueDecoder() {
        @Override
        Object read(MessageBytes in) {
          return in.readBoolean();
        }

        @Override
        void skip(MessageBytes in) {
          in.readBoolean();
        }
      };

  private abstract static class WrittenInt extends ValueDecoder {
    @Override
    final void skip(MessageBytes in) {
      in.readInt();
    }
  }

  private abstract static class WrittenLong extends ValueDecoder {
    @Override
    final void skip(MessageBytes in) {
      in.readLong();
    }
  }

  static final ValueDecoder INT =
      new WrittenInt() {
        @Override
        Object read(MessageBytes in) {
          return in.readInt();
        }
      };

  static final ValueDecoder INT_AS_LONG =
      new WrittenInt() {
        @Override
        Object read(MessageBytes in) {
          return (long) in.readInt();
        }
      };

  static final ValueDecoder INT_AS_FLOAT =
      new WrittenInt() {
        @Override
        Object read(MessageBytes in) {
          return (float) in.readInt();
        }
      };

  static final ValueDecoder INT_AS_DOUBLE =
      new WrittenInt() {
        @Override
        Object read(MessageBytes in) {
          return (double) in.readInt();
        }
      };

  static final ValueDecoder LONG =
      new WrittenLong() {
        @Override
        Object read(MessageBytes in) {
          return in.readLong();
        }
      };

  static final ValueDecoder LONG_AS_FLOAT =
      new WrittenLong() {
        @Override
        Object read(MessageBytes in) {
          return (float) in.readLong();
        }
      };

  static final ValueDecoder LONG_AS_DOUBLE =
      new WrittenLong() {
        @Override
        Object read(MessageBytes in) {
          return (double) in.readLong();
        }
      };

  static final ValueDecoder FLOAT =
      new ValueDecoder() {
        @Override
        Object read(MessageBytes in) {
          return in.readFloat();
        }

        @Override
        void skip(MessageBytes in) {
          in.skip(Float.BYTES);
        }
      };

  static final ValueDecoder FLOAT_AS_DOUBLE =
      new ValueDecoder() {
        @Override
        Object read(MessageBytes in) {
          return (double) in.readFloat();
        }

        @Override
        void skip(MessageBytes in) {
          in.skip(Float.BYTES);
        }
      };

  static final ValueDecoder DOUBLE =
      new ValueDecoder() {
        @Override
        Object read(MessageBytes in) {
          return in.readDouble();
        }

        @Override
        void skip(MessageBytes in) {
          in.skip(Double.BYTES);
        }
      };

  /** A string, also one written as bytes. */
  static final class Text extends ValueDecoder {
    private final StringCache cache = new StringCache();

    @Override
    Object read(MessageBytes in) {
      int length = in.readLength();
      return cache.get(in, in.advance(length), length);
    }

    @Override
    void skip(MessageBytes in) {
      int length = in.readLength();
      in.checkText(in.advance(length), length);
    }
  }

  static final class Binary extends ValueDecoder {
    private final boolean asString;

    Binary(boolean asString) {
      this.asString = asString;
    }

    @Override
    Object read(MessageBytes in) {
      return binary(in.readBytes(in.readLength()), asString);
    }

    @Override
    void skip(MessageBytes in) {
      in.skip(in.readLength());
    }
  }

  /** Bytes written as a string: still UTF-8. */
  static final class TextAsBinary extends ValueDecoder {
    private final boolean asString;

    TextAsBinary(boolean asString) {
      this.asString = asString;
    }

    @Override
    Object read(MessageBytes in) {
      int length = in.readLength();
      in.checkText(in.position(), length);
      return binary(in.readBytes(length), asString);
    }

    @Override
    void skip(MessageBytes in) {
      int length = in.readLength();
      in.checkText(in.advance(length), length);
    }
  }

  static final class Fixed extends ValueDecoder {
    private final int size;
    private final boolean asString;

    Fixed(int size, boolean asString) {
      this.size = size;
      this.asString = asString;
    }

    @Override
    Object read(MessageBytes in) {
      return binary(in.readBytes(size), asString);
    }

    @Override
    void skip(MessageBytes in) {
      in.skip(size);
    }
  }

  /** An enum's symbol by its index in the writer's schema; null where the reader knows no such symbol. */
  static final class Symbol extends ValueDecoder {
    private final String[] symbols;

    Symbol(String[] symbols) {
      this.symbols = symbols;
    }

    @Override
    Object read(MessageBytes in) {
      String symbol = symbols[in.readIndex(symbols.length, "enum symbol")];
      if (symbol == null) {
        throw new BadMessageException("enum symbol is unknown to the newest schema, which has no default for it");
      }
      return symbol;
    }

    @Override
    void skip(MessageBytes in) {
      read(in);
    }
  }

  private static Object binary(byte[] bytes, boolean asString) {
    return asString ? new String(bytes, StandardCharsets.UTF_8) : bytes;
  }
}
