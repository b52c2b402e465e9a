package io.frontrow.druid.avro;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A cursor over one message that trusts nothing in it: every length is held against the bytes left, the number of array
 * and map entries against the size of the message, the depth of records against {@link #DEEPEST}.
 */
final class MessageBytes {
  /** Records nested deeper than this are refused; a recursive schema would otherwise let a message exhaust the stack. */
  static final int DEEPEST = 128;

  /** Entries that take no bytes (null, empty records) may still be this many. */
  private static final int FREE_ENTRIES = 1 << 16;

  private static final long NOT_ASCII = 0x8080808080808080L;
  private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] bytes;
  private int position;
  private int limit;
  private int entriesLeft;
  private int depth;

  /** Starts over at {@code from} of a message. */
  void reset(byte[] message, int from) {
    bytes = message;
    position = from;
    limit = message.length;
    entriesLeft = message.length + FREE_ENTRIES;
    depth = 0;
  }

  byte[] array() {
    return bytes;
  }

  int position() {
    return position;
  }

  int remaining() {
    return limit - position;
  }

  boolean readBoolean() {
    int value = readByte();
    if ((value & ~1) != 0) {
      throw new BadMessageException("boolean is neither 0 nor 1");
    }
    return value == 1;
  }

  int readInt() {
    long value = readLong();
    if ((int) value != value) {
      throw new BadMessageException("int exceeds 32 bits");
    }
    return (int) value;
  }

  long readLong() {
    int at = position;
    if (at >= limit) {
      throw ended(1);
    }
    int b = bytes[at++];
    if (b >= 0) {
      position = at;
      return (b >>> 1) ^ -(b & 1);
    }
    long value = b & 0x7f;
    int shift = 7;
    while (true) {
      if (at >= limit) {
        throw ended(limit - position + 1);
      }
      b = bytes[at++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        break;
      }
      shift += 7;
      if (shift > 63) {
        throw new BadMessageException("varint is longer than 10 bytes");
      }
    }
    if (shift == 63 && b > 1) {
      throw new BadMessageException("varint exceeds 64 bits");
    }
    position = at;
    return (value >>> 1) ^ -(value & 1);
  }

  float readFloat() {
    int at = advance(Float.BYTES);
    return Float.intBitsToFloat(
        (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24);
  }

  double readDouble() {
    int at = advance(Double.BYTES);
    return Double.longBitsToDouble((long) WORDS.get(bytes, at));
  }

  /** A count of bytes that are all there. */
  int readLength() {
    long length = readLong();
    if (length < 0 || length > limit - position) {
      throw new BadMessageException("length " + length + " does not fit in the " + remaining() + " bytes left");
    }
    return (int) length;
  }

  /** Index into {@code count} choices of {@code what}. */
  int readIndex(int count, String what) {
    long index = readLong();
    if (index < 0 || index >= count) {
      throw new BadMessageException(what + " " + index + " of " + count);
    }
    return (int) index;
  }

  byte[] readBytes(int length) {
    int at = advance(length);
    byte[] copy = new byte[length];
    System.arraycopy(bytes, at, copy, 0, length);
    return copy;
  }

  void skip(int length) {
    advance(length);
  }

  /** Steps over {@code length} bytes and answers where they began. */
  int advance(int length) {
    int at = position;
    if (length > limit - at) {
      throw ended(length);
    }
    position = at + length;
    return at;
  }

  /** Takes one array or map entry off the message's allowance. */
  void countEntry() {
    if (--entriesLeft < 0) {
      throw new BadMessageException("more array and map entries than the message has bytes");
    }
  }

  void enterRecord() {
    if (++depth > DEEPEST) {
      throw new BadMessageException("records nested deeper than " + DEEPEST);
    }
  }

  void leaveRecord() {
    depth--;
  }

  /** The text of {@code length} bytes at {@code at}, which must be UTF-8. */
  String text(int at, int length) {
    if (isAscii(at, length)) {
      return new String(bytes, at, length, StandardCharsets.ISO_8859_1);
    }
    return decodeUtf8(at, length);
  }

  /** Refuses {@code length} bytes at {@code at} that are not UTF-8. */
  void checkText(int at, int length) {
    if (!isAscii(at, length)) {
      decodeUtf8(at, length);
    }
  }

  private String decodeUtf8(int at, int length) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, at, length)).toString();
    } catch (CharacterCodingException e) {
      throw new BadMessageException("string is not UTF-8");
    }
  }

  private boolean isAscii(int at, int length) {
    int end = at + length;
    int i = at;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      if (((long) WORDS.get(bytes, i) & NOT_ASCII) != 0) {
        return false;
      }
    }
    int rest = 0;
    for (; i < end; i++) {
      rest |= bytes[i];
    }
    return rest >= 0;
  }

  private int readByte() {
    return bytes[advance(1)];
  }

  private BadMessageException ended(int wanted) {
    return new BadMessageException("message ends: " + wanted + " bytes wanted, " + remaining() + " left");
  }
}
