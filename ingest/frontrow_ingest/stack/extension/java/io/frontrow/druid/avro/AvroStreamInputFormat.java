package io.frontrow.druid.avro;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.File;
import java.util.Objects;
import org.apache.druid.data.input.InputEntity;
import org.apache.druid.data.input.InputEntityReader;
import org.apache.druid.data.input.InputRowSchema;
import org.apache.druid.data.input.impl.NestedInputFormat;
import org.apache.druid.java.util.common.parsers.JSONPathSpec;

/**
 * One Avro record per message, as the input format {@code avro_stream} of druid-avro-extensions describes it: the same
 * JSON, so that one supervisor spec runs on either.
 */
public final class AvroStreamInputFormat extends NestedInputFormat {
  static final String TYPE = "avro_stream";

  private final AvroBytesDecoder avroBytesDecoder;
  private final boolean binaryAsString;
  private final boolean extractUnionsByType;

  @JsonCreator
  public AvroStreamInputFormat(
      @JsonProperty("flattenSpec") JSONPathSpec flattenSpec,
      @JsonProperty("avroBytesDecoder") AvroBytesDecoder avroBytesDecoder,
      @JsonProperty("binaryAsString") Boolean binaryAsString,
      @JsonProperty("extractUnionsByType") Boolean extractUnionsByType) {
    super(flattenSpec);
    if (avroBytesDecoder == null) {
      throw new IllegalArgumentException(
          "avro_stream needs an avroBytesDecoder: give {\"type\":\"multiple_schemas_inline\",\"schemas\":{...}}"
              + " or {\"type\":\"schema_inline\",\"schema\":{...}}");
    }
    this.avroBytesDecoder = avroBytesDecoder;
    this.binaryAsString = binaryAsString != null && binaryAsString;
    this.extractUnionsByType = extractUnionsByType != null && extractUnionsByType;
    // A flattenSpec that cannot work is refused with the spec, not by a task minutes later.
    Flattening.of(flattenSpec, avroBytesDecoder.schemas().reader());
  }

  @JsonProperty
  public AvroBytesDecoder getAvroBytesDecoder() {
    return avroBytesDecoder;
  }

  @JsonProperty
  public boolean getBinaryAsString() {
    return binaryAsString;
  }

  @JsonProperty
  public boolean isExtractUnionsByType() {
    return extractUnionsByType;
  }

  @Override
  public boolean isSplittable() {
    return false;
  }

  @Override
  public InputEntityReader createReader(InputRowSchema rowSchema, InputEntity source, File temporaryDirectory) {
    Flattening flattening = Flattening.of(getFlattenSpec(), avroBytesDecoder.schemas().reader());
    ValueDecoders.Options options = new ValueDecoders.Options(binaryAsString, extractUnionsByType);
    return new MessageReader(source, new RowDecoder(avroBytesDecoder.schemas(), flattening, options, rowSchema));
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof AvroStreamInputFormat)) {
      return false;
    }
    AvroStreamInputFormat that = (AvroStreamInputFormat) other;
    return Objects.equals(getFlattenSpec(), that.getFlattenSpec())
        && avroBytesDecoder.equals(that.avroBytesDecoder)
        && binaryAsString == that.binaryAsString
        && extractUnionsByType == that.extractUnionsByType;
  }

  @Override
  public int hashCode() {
    return Objects.hash(getFlattenSpec(), avroBytesDecoder, binaryAsString, extractUnionsByType);
  }
}
