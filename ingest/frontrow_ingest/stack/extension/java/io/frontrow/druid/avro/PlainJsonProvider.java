package io.frontrow.druid.avro;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.druid.java.util.common.parsers.FlattenerJsonProvider;

/** Lets JSONPath walk decoded values. */
final class PlainJsonProvider extends FlattenerJsonProvider {
  @Override
  public boolean isArray(Object value) {
    return value instanceof List;
  }

  @Override
  public boolean isMap(Object value) {
    return value == null || value instanceof Map;
  }

  @Override
  public int length(Object value) {
    if (value instanceof List) {
      return ((List<?>) value).size();
    }
    return value instanceof Map ? ((Map<?, ?>) value).size() : 0;
  }

  @Override
  @SuppressWarnings("unchecked")
  public Collection<String> getPropertyKeys(Object value) {
    return value == null ? List.of() : ((Map<String, Object>) value).keySet();
  }

  @Override
  public Object getMapValue(Object value, String key) {
    Object found = value == null ? null : ((Map<?, ?>) value).get(key);
    return found instanceof UnionValue ? ((UnionValue) found).extracted() : found;
  }
}
