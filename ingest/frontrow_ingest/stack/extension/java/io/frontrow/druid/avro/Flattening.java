package io.frontrow.druid.avro;

import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.InvalidPathException;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.Option;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.druid.java.util.common.parsers.JSONPathFieldSpec;
import org.apache.druid.java.util.common.parsers.JSONPathSpec;
import org.apache.druid.java.util.common.parsers.NotImplementedMappingProvider;

/**
 * The columns a flattenSpec declares over a record, with the rules of druid-avro-extensions: {@code root}, {@code path}
 * and one-node {@code tree} fields; a declared name hides a field of the record; {@code jq} is not supported.
 */
final class Flattening {
  private static final Pattern FIRST_STEP = Pattern.compile("^\\$\\['([^'\\\\]+)'\\]");
  private static final Set<Schema.Type> SIMPLE =
      Set.of(
          Schema.Type.STRING,
          Schema.Type.BYTES,
          Schema.Type.INT,
          Schema.Type.LONG,
          Schema.Type.FLOAT,
          Schema.Type.DOUBLE,
          Schema.Type.ENUM,
          Schema.Type.FIXED);

  static final Configuration JSON_PATH =
      Configuration.builder()
          .jsonProvider(new PlainJsonProvider())
          .mappingProvider(new NotImplementedMappingProvider())
          .options(Option.SUPPRESS_EXCEPTIONS)
          .build();

  /**
   * @param path what is read out of the record
   * @param root the only field of the record the path can touch; null when it may touch any
   */
  record PathColumn(JsonPath path, String root) {}

  private final Schema reader;
  private final boolean discover;
  private final Map<String, String> renamed = new LinkedHashMap<>();
  private final Map<String, PathColumn> paths = new LinkedHashMap<>();
  private final Set<String> declared = new LinkedHashSet<>();

  private Flattening(Schema reader, boolean discover) {
    this.reader = reader;
    this.discover = discover;
  }

  /** Reads a flattenSpec; null means the default one, which declares nothing and discovers fields. */
  static Flattening of(JSONPathSpec given, Schema reader) {
    JSONPathSpec spec = given == null ? JSONPathSpec.DEFAULT : given;
    Flattening flattening = new Flattening(reader, spec.isUseFieldDiscovery());
    for (JSONPathFieldSpec field : spec.getFields()) {
      flattening.declare(field);
    }
    return flattening;
  }

  private void declare(JSONPathFieldSpec field) {
    String name = field.getName();
    if (!declared.add(name)) {
      throw new IllegalArgumentException("flattenSpec declares the field '" + name + "' twice");
    }
    switch (field.getType()) {
      case ROOT:
        renamed.put(name, field.getExpr());
        break;
      case TREE:
        if (field.getNodes().size() != 1) {
          throw new IllegalArgumentException(
              "flattenSpec field '" + name + "': a tree of more than one node is not supported for Avro; use a path");
        }
        renamed.put(name, field.getNodes().get(0));
        break;
      case PATH:
        paths.put(name, pathColumn(name, field.getExpr()));
        break;
      default:
        throw new IllegalArgumentException(
            "flattenSpec field '" + name + "': type " + field.getType() + " is not supported for Avro; use a path");
    }
  }

  private static PathColumn pathColumn(String name, String expression) {
    try {
      JsonPath path = JsonPath.compile(expression);
      Matcher first = FIRST_STEP.matcher(path.getPath());
      return new PathColumn(path, first.find() ? first.group(1) : null);
    } catch (InvalidPathException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "flattenSpec field '" + name + "': '" + expression + "' is not a JSONPath: " + e.getMessage(), e);
    }
  }

  /** Columns that are another field of the record under a declared name. */
  Map<String, String> renamed() {
    return renamed;
  }

  /** Columns that are read by a path. */
  Map<String, PathColumn> paths() {
    return paths;
  }

  boolean declares(String name) {
    return declared.contains(name);
  }

  /**
   * The columns that become dimensions where a spec names none: the declared ones and, unless discovery is off, the
   * record's simple fields ({@code all}: every field).
   */
  List<String> dimensions(boolean all) {
    Set<String> names = new LinkedHashSet<>(declared);
    if (discover) {
      for (Schema.Field field : reader.getFields()) {
        if (all || discoverable(field.schema())) {
          names.add(field.name());
        }
      }
    }
    return new ArrayList<>(names);
  }

  private static boolean discoverable(Schema schema) {
    if (!schema.isUnion()) {
      return simple(schema);
    }
    List<Schema> types = schema.getTypes();
    if (types.size() != 2) {
      return false;
    }
    Schema first = types.get(0);
    Schema second = types.get(1);
    return first.getType() == Schema.Type.NULL && simple(second)
        || second.getType() == Schema.Type.NULL && simple(first);
  }

  private static boolean simple(Schema schema) {
    return SIMPLE.contains(schema.getType())
        || schema.getType() == Schema.Type.ARRAY && SIMPLE.contains(schema.getElementType().getType());
  }
}
