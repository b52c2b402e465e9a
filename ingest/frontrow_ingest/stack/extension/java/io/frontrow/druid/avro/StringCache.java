package io.frontrow.druid.avro;

import java.util.Arrays;

/**
 * Strings of one field by their bytes, so that a country or a device name is made, hashed and compared once and not for
 * every message. A field whose values rarely repeat (an id) is noticed and no longer cached.
 */
final class StringCache {
  private static final int SLOTS = 1024;
  private static final int LONGEST = 64;
  private static final int TRIAL = 4096;

  private static final class Entry {
    private final int hash;
    private final byte[] bytes;
    private final String text;

    Entry(int hash, byte[] bytes, String text) {
      this.hash = hash;
      this.bytes = bytes;
      this.text = text;
    }
  }

  private Entry[] entries;
  private int asked;
  private int found;
  private boolean useless;

  String get(MessageBytes in, int at, int length) {
    if (length > LONGEST || useless()) {
      return in.text(at, length);
    }
    if (entries == null) {
      entries = new Entry[SLOTS];
    }
    byte[] bytes = in.array();
    int hash = hash(bytes, at, length);
    int slot = (hash ^ hash >>> 16) & SLOTS - 1;
    Entry entry = entries[slot];
    if (entry != null && entry.hash == hash && Arrays.equals(entry.bytes, 0, entry.bytes.length, bytes, at, at + length)) {
      found++;
      return entry.text;
    }
    String text = in.text(at, length);
    entries[slot] = new Entry(hash, Arrays.copyOfRange(bytes, at, at + length), text);
    return text;
  }

  private boolean useless() {
    if (!useless && ++asked == TRIAL) {
      useless = found < TRIAL / 2;
      asked = 0;
      found = 0;
      if (useless) {
        entries = null;
      }
    }
    return useless;
  }

  private static int hash(byte[] bytes, int at, int length) {
    int hash = length;
    for (int i = at; i < at + length; i++) {
      hash = hash * 31 + bytes[i];
    }
    return hash;
  }
}
