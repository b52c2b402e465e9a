import com.fasterxml.jackson.databind.InjectableValues;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.druid.data.input.ColumnsFilter;
import org.apache.druid.data.input.InputEntity;
import org.apache.druid.data.input.InputEntityReader;
import org.apache.druid.data.input.InputFormat;
import org.apache.druid.data.input.InputRow;
import org.apache.druid.data.input.InputRowListPlusRawValues;
import org.apache.druid.data.input.InputRowSchema;
import org.apache.druid.data.input.impl.DimensionsSpec;
import org.apache.druid.data.input.impl.TimestampSpec;
import org.apache.druid.initialization.DruidModule;
import org.apache.druid.jackson.DefaultObjectMapper;
import org.apache.druid.java.util.common.parsers.CloseableIterator;
import org.apache.druid.java.util.common.parsers.ParseException;

/**
 * Runs the input format as a streaming task does: one reader, message after message put into its source. Reads jobs as
 * JSON lines, answers each with one line; see tests/support/decode_tool.py for what is in them.
 */
public final class DecodeTool {
  /** The settable entity of a streaming task. */
  private static final class Source implements InputEntity {
    private byte[] message = new byte[0];
    private boolean dribble;

    @Override
    public URI getUri() {
      return null;
    }

    @Override
    public InputStream open() {
      if (!dribble) {
        return new ByteArrayInputStream(message);
      }
      // A stream that announces nothing and gives a byte at a time.
      return new ByteArrayInputStream(message) {
        @Override
        public synchronized int available() {
          return 0;
        }

        @Override
        public synchronized int read(byte[] target, int offset, int length) {
          return super.read(target, offset, Math.min(length, 1));
        }
      };
    }
  }

  private final ObjectMapper mapper = new DefaultObjectMapper();

  private DecodeTool() {
    mapper.setInjectableValues(new InjectableValues.Std().addValue(ObjectMapper.class, mapper));
    // Found as Druid finds it, so that the service file of the jar is tested too.
    for (DruidModule module : ServiceLoader.load(DruidModule.class)) {
      if (module.getClass().getName().startsWith("io.frontrow.")) {
        for (Module jackson : module.getJacksonModules()) {
          mapper.registerModule(jackson);
        }
      }
    }
  }

  public static void main(String[] args) throws IOException {
    DecodeTool tool = new DecodeTool();
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = jobs.readLine(); line != null; line = jobs.readLine()) {
      answers.println(tool.mapper.writeValueAsString(tool.run(tool.mapper.readTree(line))));
    }
  }

  private Map<String, Object> run(JsonNode job) throws IOException {
    InputFormat format;
    try {
      format = mapper.readValue(mapper.writeValueAsString(job.get("format")), InputFormat.class);
    } catch (IOException e) {
      return Map.of("refused", e.getMessage());
    }
    Source source = new Source();
    source.dribble = job.path("dribble").asBoolean();
    InputEntityReader reader = format.createReader(rowSchema(job), source, null);
    List<Object> results = new ArrayList<>();
    for (JsonNode message : job.get("messages")) {
      source.message = HexFormat.of().parseHex(message.asText());
      results.add(job.path("sample").asBoolean() ? sample(reader) : read(reader, job, source.message));
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("results", results);
    answer.put("again", mapper.readTree(mapper.writeValueAsString(format)));
    return answer;
  }

  private InputRowSchema rowSchema(JsonNode job) throws IOException {
    ColumnsFilter filter = ColumnsFilter.all();
    if (job.hasNonNull("columns")) {
      Set<String> columns = new LinkedHashSet<>();
      job.get("columns").forEach(column -> columns.add(column.asText()));
      filter = ColumnsFilter.inclusionBased(columns);
    }
    return new InputRowSchema(
        mapper.treeToValue(job.get("timestamp"), TimestampSpec.class),
        mapper.treeToValue(job.get("dimensions"), DimensionsSpec.class),
        filter);
  }

  private Map<String, Object> read(InputEntityReader reader, JsonNode job, byte[] message) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    try (CloseableIterator<InputRow> rows = reader.read()) {
      InputRow row = rows.next();
      Map<String, Object> values = new LinkedHashMap<>();
      Map<String, Object> types = new LinkedHashMap<>();
      for (JsonNode name : job.get("read")) {
        Object value = row.getRaw(name.asText());
        values.put(name.asText(), printable(value));
        types.put(name.asText(), value == null ? null : value.getClass().getSimpleName());
      }
      result.put("time", row.getTimestampFromEpoch());
      result.put("dimensions", row.getDimensions());
      result.put("values", values);
      result.put("types", types);
      result.put("text", row.toString());
      result.put("more", rows.hasNext());
    } catch (ParseException e) {
      result.put("error", e.getMessage());
    }
    if (job.hasNonNull("reference")) {
      try {
        result.put("reference", printable(reference(job.get("reference"), message)));
      } catch (IOException | RuntimeException e) {
        result.put("reference_error", e.toString());
      }
    }
    return result;
  }

  private Map<String, Object> sample(InputEntityReader reader) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    try (CloseableIterator<InputRowListPlusRawValues> rows = reader.sample()) {
      InputRowListPlusRawValues row = rows.next();
      result.put("raw", printable(row.getRawValues()));
      result.put("rows", row.getInputRows() == null ? null : row.getInputRows().size());
      result.put("error", row.getParseException() == null ? null : row.getParseException().getMessage());
    }
    return result;
  }

  /** The same message as Avro's own reader sees it. */
  private Object reference(JsonNode given, byte[] message) throws IOException {
    Schema writer = new Schema.Parser().parse(mapper.writeValueAsString(given.get("writer")));
    Schema read = new Schema.Parser().parse(mapper.writeValueAsString(given.get("reader")));
    GenericDatumReader<GenericRecord> reader = new GenericDatumReader<>(writer, read);
    int header = given.get("header").asInt();
    return reader.read(null, DecoderFactory.get().binaryDecoder(message, header, message.length - header, null));
  }

  private static Object printable(Object value) {
    if (value instanceof byte[]) {
      return Map.of("hex", HexFormat.of().formatHex((byte[]) value));
    }
    if (value instanceof ByteBuffer) {
      ByteBuffer buffer = ((ByteBuffer) value).duplicate();
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return printable(bytes);
    }
    if (value instanceof GenericFixed) {
      return printable(((GenericFixed) value).bytes());
    }
    if (value instanceof Float || value instanceof Double) {
      double number = ((Number) value).doubleValue();
      return Double.isFinite(number) ? (Object) number : value.toString();
    }
    if (value == null || value instanceof Number || value instanceof Boolean) {
      return value;
    }
    if (value instanceof IndexedRecord) {
      IndexedRecord record = (IndexedRecord) value;
      Map<String, Object> map = new LinkedHashMap<>();
      for (Schema.Field field : record.getSchema().getFields()) {
        map.put(field.name(), printable(record.get(field.pos())));
      }
      return map;
    }
    if (value instanceof List) {
      List<Object> list = new ArrayList<>();
      ((List<?>) value).forEach(item -> list.add(printable(item)));
      return list;
    }
    if (value instanceof Map) {
      Map<String, Object> map = new LinkedHashMap<>();
      ((Map<?, ?>) value).forEach((key, item) -> map.put(key.toString(), printable(item)));
      return map;
    }
    return value.toString();
  }
}
