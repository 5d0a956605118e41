#include "providers/aws/query_protocol.h"

#include <string_view>

#include "base/text.h"
#include "model/json_text.h"
#include "net/url_text.h"

namespace rayctl::aws {
namespace {

std::string version_of(const std::string& service) {
  if (service == "ec2") return "2016-11-15";
  if (service == "iam") return "2010-05-08";
  return "2011-06-15";  // sts
}

std::string header(const HttpResponse& response, const std::string& name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

/// EC2: <Response><Errors><Error>; IAM and STS: <ErrorResponse><Error>.
pugi::xml_node error_node(const pugi::xml_document& document) {
  const pugi::xml_node root = document.document_element();
  const pugi::xml_node several = root.child("Errors");
  return (several ? several : root).child("Error");
}

/// "com.amazonaws.ssm#ParameterNotFound:http://..." is ParameterNotFound.
std::string bare_code(std::string code) {
  code.resize(std::min(code.find(':'), code.size()));
  const std::size_t hash = code.find('#');
  return hash == std::string::npos ? code : code.substr(hash + 1);
}

std::string beginning_of(const std::string& body) {
  constexpr std::size_t kShown = 160;
  const std::string text = trim(body);
  return text.size() > kShown ? text.substr(0, kShown) + "..." : text;
}

}  // namespace

HttpRequest query_request(const std::string& service, const Endpoint& endpoint,
                          const std::string& action, Params params) {
  params["Action"] = action;
  params["Version"] = version_of(service);
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = form_encode(params);
  return request;
}

HttpRequest json_request(const Endpoint& endpoint, const std::string& target, const Json& body) {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}};
  request.body = body.dump();
  return request;
}

Answer parse_answer(const std::string& body) {
  auto document = std::make_shared<pugi::xml_document>();
  if (!document->load_buffer(body.data(), body.size())) return nullptr;
  // A page of some server in between may be well-formed too.
  const std::string_view root = document->document_element().name();
  return root.ends_with("Response") ? document : nullptr;
}

ApiError parse_error(const HttpResponse& response) {
  ApiError error;
  error.status = response.status;
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    const pugi::xml_node node = error_node(document);
    error.code = node.child("Code").text().get();
    error.message = trim(node.child("Message").text().get());
  }
  if (const Json json = Json::parse(response.body, nullptr, false); json.is_object()) {
    error.code = bare_code(text_in(json, "__type"));
    error.message = text_in(json, "message");
    if (error.message.empty()) error.message = text_in(json, "Message");
  }
  if (error.code.empty()) error.code = bare_code(header(response, "x-amzn-errortype"));
  if (error.code.empty() && error.message.empty()) error.message = beginning_of(response.body);
  return error;
}

std::string request_id(const HttpResponse& response) {
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id", "x-amz-requestid"}) {
    if (std::string id = header(response, name); !id.empty()) return id;
  }
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) return "";
  const pugi::xml_node root = document.document_element();
  for (const char* name : {"RequestID", "RequestId", "requestId"}) {
    if (const pugi::xml_node node = root.child(name)) return node.text().get();
  }
  return root.child("ResponseMetadata").child("RequestId").text().get();
}

}  // namespace rayctl::aws
