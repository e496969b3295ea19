// cli/fc_shapes.h
// The s.yaml of Serverless Devs with the fc3 component, as tables: what Ebb has so far, and what
// the cloud has besides.
#pragma once

#include <string>

#include "cli/shape.h"

namespace ebb::cli {

const Shape& FileShape();      // edition, name, access, vars, resources
const Shape& ResourceShape();  // component, props
const Shape& PropsShape();     // Field names are those of CreateFunctionInput.
const Shape& CodeShape();      // `code` as a map.

// Of triggerConfig.  nullptr for a type that Ebb does not have.
const Shape* TriggerConfigShape(const std::string& trigger_type);
bool IsCloudTriggerType(const std::string& trigger_type);  // The cloud has it.

}  // namespace ebb::cli
