#pragma once
#include <string>

#include "net/http_client.h"
#include "providers/aws/api.h"
#include "providers/aws/endpoint.h"

namespace rayctl::aws {

/// A call of the Query protocol ("ec2", "iam" or "sts"), unsigned. Pure, as all here.
HttpRequest query_request(const std::string& service, const Endpoint& endpoint,
                          const std::string& action, Params params);
/// A call of JSON 1.1 (X-Amz-Target), unsigned.
HttpRequest json_request(const Endpoint& endpoint, const std::string& target, const Json& body);

/// The document of a Query answer of status 200; null if it is not one.
Answer parse_answer(const std::string& body);
/// The error that an answer of another status holds, in XML (both forms) or JSON. The code is ""
/// if it is neither; the message then begins as the body does.
ApiError parse_error(const HttpResponse& response);
/// The service's number for a call, "" if it has none.
std::string request_id(const HttpResponse& response);

}  // namespace rayctl::aws
