// api/fc/container.h
// customContainerConfig of a create or an update: which image, and what is run in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/operation.h"
#include "images/image_store.h"
#include "model/function.h"

namespace ebb::api {

struct Container {
  model::CustomContainer config;
  std::optional<std::uint16_t> port;
  model::HealthCheck health;
  images::Access access;  // For this pull only: never stored, never shown.
  images::Hold hold;      // Keeps a pulled image until the function that names it is written.
};

// nullopt when it is null, missing or asks for nothing.  Knows nothing of the image yet.  kInvalid
// InvalidArgument.
Result<std::optional<Container>> ParseContainer(const json::object& input);

// Pulls the image, and fills in what the function needs to know of it.  Errors: as
// ImageStore::Pull.
Task<Result<Container>> PullContainer(const Setup& setup, Container container);

// FC's customContainerConfig.
json::object FormatContainer(const model::FunctionConfig& config);

}  // namespace ebb::api
