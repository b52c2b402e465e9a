package io.frontrow.druid.avro;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of a union of several types together with the name of its type, for {@code extractUnionsByType}. */
record UnionValue(String type, Object value) {
  /** The value as a path sees it: under the name of its type. */
  Map<String, Object> extracted() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(type, value);
    return map;
  }

  /** {@code value} without any type names in it. */
  static Object strip(Object value) {
    if (value instanceof UnionValue) {
      return strip(((UnionValue) value).value);
    }
    if (value instanceof List) {
      List<Object> list = new ArrayList<>(((List<?>) value).size());
      for (Object item : (List<?>) value) {
        list.add(strip(item));
      }
      return list;
    }
    if (value instanceof Map) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        map.put(entry.getKey(), strip(entry.getValue()));
      }
      return map;
    }
    return value;
  }
}
