#include "providers/aws/launch_template.h"

#include "net/ssh_key.h"

namespace rayctl::aws {

Result<std::string> user_data_of_template(Api& api, const Json& launch_template, Time deadline) {
  Params params;
  for (const char* name : {"LaunchTemplateId", "LaunchTemplateName"}) {
    const std::string given = launch_template.value(name, "");
    if (!given.empty()) params[name] = given;
  }
  const Json version = launch_template.value("Version", Json("$Default"));
  params["LaunchTemplateVersion.1"] =
      version.is_string() ? version.get<std::string>() : version.dump();
  const Reply<Answer> reply = api.query("ec2", "DescribeLaunchTemplateVersions", params, deadline);
  if (!reply) return in_context(reply.value.error(), "looking for the launch template's UserData");
  const pugi::xml_node data = (*reply)
                                  ->document_element()
                                  .child("launchTemplateVersionSet")
                                  .child("item")
                                  .child("launchTemplateData");
  return from_base64(data.child("userData").text().get()).value_or("");
}

}  // namespace rayctl::aws
