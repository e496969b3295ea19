// sandbox/templates.h
// Which versions have a template, which are to get one and which may not, and the instances that
// were forked ahead of need.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/stock.h"
#include "sandbox/template.h"

namespace ebb::sandbox {

// Lives on its io_context.
class Templates {
 public:
  Templates(const Clock& clock, Mebibytes memory);

  // A version's code took `cpu_time` of the processor to load: if that was long it is to get a
  // template.
  void Loaded(const Spec& spec, Duration cpu_time);

  // A spare instance, thawed; null when there is none.
  std::unique_ptr<BuiltinSandbox> TakeSpare(const std::string& version);
  std::shared_ptr<Template> Find(const std::string& version);  // Null when there is none.

  std::optional<Spec> Wanted();  // The next that is to get a template.
  void Put(const std::string& version, std::shared_ptr<Template> made);
  void Refuse(const std::string& version, std::string why);
  void CannotFork(const std::string& version, const Error& why);  // Refused, or to be made anew.

  std::shared_ptr<Template> MissingSpare() const;  // Whose spares are fewer than likely needed.
  void PutSpare(std::unique_ptr<BuiltinSandbox> spare);

  // All are made anew, those that were refused included: the build that they were started from is
  // replaced.  Instances that there are keep theirs.
  void Renew();

  void Forget(const std::string& version) { entries_.erase(version); }
  void Forget(std::string_view prefix, std::string_view except);
  void Trim();  // Drops what nobody has asked for in a while, and what there is no memory for.
  void Clear() { entries_.clear(); }
  std::vector<TemplateState> List() const;

 private:
  struct Entry {
    Spec spec;
    TemplateState state;
    std::shared_ptr<Template> made;
    Stock<std::unique_ptr<BuiltinSandbox>> spares;
    TimePoint last_used;
  };
  Entry* FindEntry(const std::string& version);

  const Clock& clock_;
  const std::int64_t memory_bytes_;
  std::map<std::string, Entry> entries_;
};

}  // namespace ebb::sandbox
