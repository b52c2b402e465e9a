package io.frontrow.druid.avro;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.druid.data.input.InputEntity;
import org.apache.druid.data.input.InputEntityReader;
import org.apache.druid.data.input.InputRow;
import org.apache.druid.data.input.InputRowListPlusRawValues;
import org.apache.druid.java.util.common.parsers.CloseableIterator;
import org.apache.druid.java.util.common.parsers.ParseException;

/**
 * Reads the message its source holds at each call. A streaming task makes one reader and puts message after message into
 * the source, so nothing of the source may be kept.
 */
final class MessageReader implements InputEntityReader {
  private final InputEntity source;
  private final RowDecoder decoder;

  MessageReader(InputEntity source, RowDecoder decoder) {
    this.source = source;
    this.decoder = decoder;
  }

  @Override
  public CloseableIterator<InputRow> read() throws IOException {
    return new Once<>(message(), decoder::decode);
  }

  @Override
  public CloseableIterator<InputRowListPlusRawValues> sample() throws IOException {
    return new Once<>(message(), this::sample);
  }

  private InputRowListPlusRawValues sample(byte[] message) {
    try {
      InputRow row = decoder.decode(message);
      Map<String, Object> fields = decoder.fields(message);
      return InputRowListPlusRawValues.of(row, fields);
    } catch (ParseException e) {
      return InputRowListPlusRawValues.of(null, e);
    }
  }

  /** The source's bytes in an array of exactly their size: the usual ways allocate 16 KiB for every message. */
  private byte[] message() throws IOException {
    try (InputStream stream = source.open()) {
      byte[] bytes = new byte[stream.available()];
      int length = 0;
      while (true) {
        if (length == bytes.length) {
          // Full: either all is read, or the stream had more than it announced.
          int next = stream.read();
          if (next < 0) {
            return bytes;
          }
          bytes = Arrays.copyOf(bytes, Math.max(length + stream.available() + 1, length * 2));
          bytes[length++] = (byte) next;
        } else {
          int count = stream.read(bytes, length, bytes.length - length);
          if (count < 0) {
            return Arrays.copyOf(bytes, length);
          }
          length += count;
        }
      }
    }
  }

  /** One item, made when it is asked for, so that a fault lies in {@code next()} and the iterator goes on after it. */
  private static final class Once<T> implements CloseableIterator<T> {
    private final Function<byte[], T> make;
    private byte[] message;

    Once(byte[] message, Function<byte[], T> make) {
      this.message = message;
      this.make = make;
    }

    @Override
    public boolean hasNext() {
      return message != null;
    }

    @Override
    public T next() {
      byte[] taken = message;
      if (taken == null) {
        throw new NoSuchElementException();
      }
      message = null;
      return make.apply(taken);
    }

    @Override
    public void close() {
      // Nothing is held open.
    }
  }
}
