#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "transport/child_process.h"
#include "transport/command_runner.h"

namespace rayctl {

/// Exactly the first `size` bytes of a file; fewer if it has become shorter.
class FileSource final : public ByteSource {
 public:
  FileSource(Fd file, std::uint64_t size) : file_(std::move(file)), left_(size) {}
  std::size_t read(char* buffer, std::size_t size) override;

 private:
  Fd file_;
  std::uint64_t left_;
};

/// Another source's bytes; says how many have passed in all after each `step` of them.
class CountedSource final : public ByteSource {
 public:
  CountedSource(std::shared_ptr<ByteSource> inner, std::uint64_t step,
                std::function<void(std::uint64_t)> passed)
      : inner_(std::move(inner)), step_(step), passed_(std::move(passed)) {}
  std::size_t read(char* buffer, std::size_t size) override;

 private:
  const std::shared_ptr<ByteSource> inner_;
  const std::uint64_t step_;
  const std::function<void(std::uint64_t)> passed_;
  std::uint64_t count_ = 0, told_ = 0;
};

/// Another source's bytes in gzip's format (RFC 1952), compressed as fast as zlib can.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::shared_ptr<ByteSource> plain);
  ~GzipSource() override;
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  std::size_t read(char* buffer, std::size_t size) override;

 private:
  struct State;
  const std::shared_ptr<ByteSource> plain_;
  std::unique_ptr<State> state_;
};

/// How small gzip would make these bytes, as a share of their size.
double compressed_share(std::string_view bytes);

/// A pipe between two threads that holds a few megabytes at most: what one program prints is what
/// another one reads.
class ByteQueue final : public ByteSource {
 public:
  /// Waits for room; false once nobody reads any more.
  bool write(std::string_view bytes);
  /// No more will be written.
  void end();
  /// No more will be read.
  void abandon();
  /// Waits for bytes.
  std::size_t read(char* buffer, std::size_t size) override;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  std::size_t taken_ = 0;
  bool ended_ = false, abandoned_ = false;
};

}  // namespace rayctl
