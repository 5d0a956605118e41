// A client of an API server that does nothing but the calls, on so many connections at once: what a
// launch and an end of pods are measured against.
//   bare_pods create URL CREDENTIALS CONNECTIONS COUNT BODY   a pod for each POST of BODY to URL,
//                                                             where @NAME@ is pod-0, pod-1, ...
//   bare_pods list URL CREDENTIALS                            all of them, in one GET
//   bare_pods delete URL CREDENTIALS CONNECTIONS COUNT        each with a DELETE; until all are
//   gone
// CREDENTIALS: a folder with ca, cert and key in PEM.
#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::size_t keep(char* data, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

/// One connection that is kept.
class Line {
 public:
  explicit Line(const std::string& credentials) {
    curl_easy_setopt(curl_, CURLOPT_CAINFO, (credentials + "/ca").c_str());
    curl_easy_setopt(curl_, CURLOPT_SSLCERT, (credentials + "/cert").c_str());
    curl_easy_setopt(curl_, CURLOPT_SSLKEY, (credentials + "/key").c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer_);
    curl_easy_setopt(curl_, CURLOPT_FAILONERROR, 1L);
  }
  ~Line() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  const std::string& call(const char* method, const std::string& url, const std::string& body) {
    answer_.clear();
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    if (!body.empty()) curl_easy_setopt(curl_, CURLOPT_COPYPOSTFIELDS, body.c_str());
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, method);
    const CURLcode code = curl_easy_perform(curl_);
    if (code != CURLE_OK)
      throw std::runtime_error(std::string(method) + " " + url + ": " + curl_easy_strerror(code));
    return answer_;
  }

 private:
  CURL* curl_ = curl_easy_init();
  curl_slist* headers_ = curl_slist_append(nullptr, "Content-Type: application/json");
  std::string answer_;
};

void on_each(int connections, int count, const std::string& credentials,
             const std::function<void(Line&, const std::string& name)>& work) {
  std::atomic<int> next = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      Line line(credentials);
      for (int at = next++; at < count; at = next++)
        work(line, "pod-" + std::to_string(at));
    });
  }
}

void run(const std::vector<std::string>& words) {
  const std::string& verb = words.at(1);
  const std::string& url = words.at(2);
  const std::string& credentials = words.at(3);
  if (verb == "list") {
    std::cout << Line(credentials).call("GET", url, "").size() << " bytes\n";
    return;
  }
  const int connections = std::stoi(words.at(4));
  const int count = std::stoi(words.at(5));
  if (verb == "create") {
    std::ifstream file(words.at(6));
    const std::string body{std::istreambuf_iterator<char>(file), {}};
    const std::string mark = "@NAME@";
    on_each(connections, count, credentials, [&](Line& line, const std::string& name) {
      std::string mine = body;
      for (std::size_t at = 0; (at = mine.find(mark, at)) != std::string::npos;)
        mine.replace(at, mark.size(), name);
      line.call("POST", url, mine);
    });
  } else if (verb == "delete") {
    on_each(connections, count, credentials, [&](Line& line, const std::string& name) {
      line.call("DELETE", url + "/" + name, "");
    });
    Line line(credentials);
    while (line.call("GET", url + "?limit=1", "").find("\"items\":[]") == std::string::npos)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  } else {
    throw std::runtime_error("no such verb: " + verb);
  }
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  try {
    run({argv, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "bare_pods: " << error.what() << std::endl;
    std::quick_exit(1);  // the other threads go on
  }
  return 0;
}
