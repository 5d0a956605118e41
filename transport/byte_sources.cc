#include "transport/byte_sources.h"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace rayctl {
namespace {

constexpr std::size_t kMostQueued = 4U << 20;
constexpr int kGzip = 16 + MAX_WBITS;  // zlib.h, deflateInit2: a gzip header around the stream
constexpr int kMemory = 8;

bool begin_gzip(z_stream& stream) {
  return deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) ==
         Z_OK;
}

Bytef* as_bytes(const char* text) {
  // zlib reads its input through a pointer that is not const.
  return reinterpret_cast<Bytef*>(const_cast<char*>(text));  // NOLINT
}

}  // namespace

std::size_t FileSource::read(char* buffer, std::size_t size) {
  const std::size_t most = std::min<std::uint64_t>(size, left_);
  ssize_t got = 0;
  do {
    got = ::read(file_.get(), buffer, most);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) left_ = 0;
  if (got <= 0) return 0;
  left_ -= static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

std::size_t CountedSource::read(char* buffer, std::size_t size) {
  const std::size_t got = inner_->read(buffer, size);
  count_ += got;
  if (count_ - told_ >= step_) {
    told_ = count_;
    passed_(count_);
  }
  return got;
}

struct GzipSource::State {
  z_stream stream{};
  std::vector<char> plain = std::vector<char>(1U << 17);
  bool begun = false, all_read = false, ended = false;
};

GzipSource::GzipSource(std::shared_ptr<ByteSource> plain)
    : plain_(std::move(plain)), state_(std::make_unique<State>()) {
  state_->begun = begin_gzip(state_->stream);
}

GzipSource::~GzipSource() {
  if (state_->begun) deflateEnd(&state_->stream);
}

std::size_t GzipSource::read(char* buffer, std::size_t size) {
  State& state = *state_;
  z_stream& stream = state.stream;
  if (!state.begun || state.ended) return 0;
  stream.next_out = as_bytes(buffer);
  stream.avail_out = static_cast<uInt>(size);
  while (stream.avail_out == size && !state.ended) {
    if (stream.avail_in == 0 && !state.all_read) {
      const std::size_t got = plain_->read(state.plain.data(), state.plain.size());
      state.all_read = got == 0;
      stream.next_in = as_bytes(state.plain.data());
      stream.avail_in = static_cast<uInt>(got);
    }
    state.ended = deflate(&stream, state.all_read ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
  }
  return size - stream.avail_out;
}

double compressed_share(std::string_view bytes) {
  z_stream stream{};
  if (bytes.empty() || !begin_gzip(stream)) return 1;
  std::array<char, 1U << 14> out;
  std::size_t size = 0;
  stream.next_in = as_bytes(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  int done = Z_OK;
  while (done == Z_OK) {
    stream.next_out = as_bytes(out.data());
    stream.avail_out = out.size();
    done = deflate(&stream, Z_FINISH);
    size += out.size() - stream.avail_out;
  }
  deflateEnd(&stream);
  return static_cast<double>(size) / static_cast<double>(bytes.size());
}

bool ByteQueue::write(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return abandoned_ || bytes_.size() - taken_ < kMostQueued; });
  if (abandoned_) return false;
  if (taken_ > 0) bytes_.erase(0, std::exchange(taken_, 0));
  bytes_ += bytes;
  changed_.notify_all();
  return true;
}

void ByteQueue::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

void ByteQueue::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  changed_.notify_all();
}

std::size_t ByteQueue::read(char* buffer, std::size_t size) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || abandoned_ || taken_ < bytes_.size(); });
  const std::size_t got = std::min(size, bytes_.size() - taken_);
  std::memcpy(buffer, bytes_.data() + taken_, got);
  taken_ += got;
  changed_.notify_all();
  return got;
}

}  // namespace rayctl
