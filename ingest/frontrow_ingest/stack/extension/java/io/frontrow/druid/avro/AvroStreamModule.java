package io.frontrow.druid.avro;

import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.google.inject.Binder;
import java.util.List;
import org.apache.druid.initialization.DruidModule;

/** Teaches Druid the input format {@code avro_stream} under the name and properties of druid-avro-extensions. */
public final class AvroStreamModule implements DruidModule {
  @Override
  public List<? extends Module> getJacksonModules() {
    return List.of(
        new SimpleModule("FrontrowAvroStream")
            .registerSubtypes(new NamedType(AvroStreamInputFormat.class, AvroStreamInputFormat.TYPE)));
  }

  @Override
  public void configure(Binder binder) {
    // The format needs nothing bound.
  }
}
