package io.frontrow.druid.avro;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Decoders of arrays, maps and unions. */
final class ContainerDecoders {
  private ContainerDecoders() {}

  /** The blocks of an array or map: a count of entries, negative when a size in bytes follows; 0 ends them. */
  private abstract static class Blocks extends ValueDecoder {
    abstract void entry(MessageBytes in, Object into);

    final void readBlocks(MessageBytes in, Object into) {
      long count;
      while ((count = in.readLong()) != 0) {
        int left = -1;
        if (count < 0) {
          if (count == Long.MIN_VALUE) {
            throw new BadMessageException("block count " + count);
          }
          count = -count;
          int size = in.readLength();
          left = in.remaining() - size;
        }
        for (long i = 0; i < count; i++) {
          in.countEntry();
          entry(in, into);
        }
        if (left >= 0 && in.remaining() != left) {
          throw new BadMessageException("block is not of the size it states");
        }
      }
    }

    @Override
    final void skip(MessageBytes in) {
      readBlocks(in, null);
    }
  }

  /** An array as a List. */
  static final class Items extends Blocks {
    private final ValueDecoder item;

    Items(ValueDecoder item) {
      this.item = item;
    }

    @Override
    Object read(MessageBytes in) {
      List<Object> list = new ArrayList<>(4);
      readBlocks(in, list);
      return list;
    }

    @Override
    @SuppressWarnings("unchecked")
    void entry(MessageBytes in, Object into) {
      if (into == null) {
        item.skip(in);
      } else {
        ((List<Object>) into).add(item.read(in));
      }
    }
  }

  /** A map, in the order written. */
  static final class Entries extends Blocks {
    private final PrimitiveDecoders.Text key = new PrimitiveDecoders.Text();
    private final ValueDecoder value;

    Entries(ValueDecoder value) {
      this.value = value;
    }

    @Override
    Object read(MessageBytes in) {
      Map<String, Object> map = new LinkedHashMap<>();
      readBlocks(in, map);
      return map;
    }

    @Override
    @SuppressWarnings("unchecked")
    void entry(MessageBytes in, Object into) {
      if (into == null) {
        key.skip(in);
        value.skip(in);
      } else {
        String name = (String) key.read(in);
        ((Map<String, Object>) into).put(name, value.read(in));
      }
    }
  }

  static final class Union extends ValueDecoder {
    private final ValueDecoder[] branches;

    Union(ValueDecoder[] branches) {
      this.branches = branches;
    }

    @Override
    Object read(MessageBytes in) {
      return branches[in.readIndex(branches.length, "union branch")].read(in);
    }

    @Override
    void skip(MessageBytes in) {
      branches[in.readIndex(branches.length, "union branch")].skip(in);
    }
  }

  /** Names the type of a union's value. */
  static final class Tagged extends ValueDecoder {
    private final String type;
    private final ValueDecoder value;

    Tagged(String type, ValueDecoder value) {
      this.type = type;
      this.value = value;
    }

    @Override
    Object read(MessageBytes in) {
      return new UnionValue(type, value.read(in));
    }

    @Override
    void skip(MessageBytes in) {
      value.skip(in);
    }
  }

  /** A branch of a union that the newest schema has no place for. */
  static final class Unreadable extends ValueDecoder {
    private final String reason;

    Unreadable(String reason) {
      this.reason = reason;
    }

    @Override
    Object read(MessageBytes in) {
      throw new BadMessageException("union branch cannot be read as the newest schema: " + reason);
    }

    @Override
    void skip(MessageBytes in) {
      read(in);
    }
  }
}
