#include "model/trigger.h"

namespace ebb::model {

const char* ToString(TriggerType type) {
  switch (type) {
    case TriggerType::kHttp:
      return "http";
    case TriggerType::kOss:
      return "oss";
    case TriggerType::kTimer:
      return "timer";
  }
  return "";
}

}  // namespace ebb::model
