// net/task.h
// The coroutine vocabulary: Task<T>, the completion token kAwait, task groups, waits with a
// deadline and the blocking pool.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ebb {

namespace asio = boost::asio;

template <typename T>
using Task = asio::awaitable<T>;

namespace net {

// Errors arrive as values: auto [error, n] = co_await socket.async_read_some(buffer, kAwait);
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace net
}  // namespace ebb
