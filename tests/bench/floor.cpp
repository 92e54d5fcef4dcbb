// SPDX-License-Identifier: Apache-2.0
// The floor: the cost of two parallel requests with libcurl and nothing else.
//
// Usage: floor METADATA-URL NODE-URL CA-FILE TOKEN-FILE
#include <curl/curl.h>

#include <array>
#include <cstdio>
#include <cstring>

namespace {

std::size_t drop(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

CURL* get(CURLM* multi, const char* url) {
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_multi_add_handle(multi, easy);
  return easy;
}

bool has_200(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status == 200;
}

}  // namespace

int main(int argc, char** argv) {
  std::array<char, 4096> header = {"Authorization: Bearer "};
  std::FILE* file = argc == 5 ? std::fopen(argv[4], "r") : nullptr;
  const std::size_t start = std::strlen(header.data());
  if (file == nullptr ||
      std::fgets(header.data() + start, static_cast<int>(header.size() - start), file) == nullptr) {
    return 64;
  }
  std::fclose(file);
  header[std::strcspn(header.data(), "\n")] = '\0';

  CURLM* multi = curl_multi_init();
  CURL* metadata = get(multi, argv[1]);
  CURL* node = get(multi, argv[2]);
  curl_slist* headers = curl_slist_append(nullptr, header.data());
  curl_easy_setopt(node, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(node, CURLOPT_CAINFO, argv[3]);
  int running = 1;
  while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0) {
    curl_multi_poll(multi, nullptr, 0, 1'000, nullptr);
  }
  const bool good = has_200(metadata) && has_200(node);
  for (CURL* easy : {metadata, node}) {
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  return good ? 0 : 1;
}
