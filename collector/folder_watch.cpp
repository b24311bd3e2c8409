#include "collector/folder_watch.h"

#include "store/sqlite/database.h"

namespace crmpulse::collector {

void FolderWatch::follow(const net::TlsFiles& files) {
  files_ = files;
  watch_.follow(files);
}

FolderNews FolderWatch::look() {
  FolderNews news{tokens_->read_if_changed(), forget_requests(state_dir_), store::damaged_files(state_dir_)};
  if (files_ && watch_.rested_anew()) news.certificate = net::load_tls(*files_);
  return news;
}

}  // namespace crmpulse::collector
