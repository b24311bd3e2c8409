#include "collector/notice/trouble.h"

#include <fmt/format.h>

#include <array>

#include "collector/message/words.h"
#include "core/failure/failure.h"

namespace crmpulse::collector {
namespace {

/// `{0}` is the subject, `{1}` the detail.
struct Words {
  std::string_view name_en;
  std::string_view name_zh;
  std::string_view text_en;
  std::string_view text_zh;
  std::string_view remedy_en;
  std::string_view remedy_zh;
};

/// By kind.
constexpr std::array<Words, kTroubleKinds> kWords{
    Words{"the disk refuses writes", "磁盘拒绝写入",
          "The collector cannot write to its disk. It judges on and keeps states and messages in memory; samples are "
          "refused and wait with the agents.",
          "采集器无法写入磁盘：判定照常进行，状态和消息暂存于内存；样本会被拒收，在探针处等待。",
          "Free space on the disk of state_dir, and look at the kernel's log (dmesg) for errors of the disk.",
          "请释放 state_dir 所在磁盘的空间，并用 dmesg 查看内核日志中是否有磁盘错误。"},
    Words{"stored data was damaged", "已保存的数据有损坏",
          "Stored data was damaged and set aside ({1}). What could be read of it is in use; what could not is lost.",
          "已保存的数据有损坏，已搁置（{1}）。能读出的部分仍在使用，读不出的部分已丢失。",
          "Look at the disk (smartctl, dmesg). Remove the files named *.damaged-* in state_dir when nobody needs them "
          "any more: that ends this message.",
          "请检查磁盘（smartctl、dmesg）。不再需要 state_dir 中名为 *.damaged-* 的文件时请将其删除，本消息随之结束。"},
    Words{"samples are left out", "部分样本未被接收",
          "The collector leaves samples out because senders bring more than its limits allow ({1}).",
          "发送方的数据超出采集器的限额，部分样本未被接收（{1}）。",
          "See who sends so much, or raise limits in collector.yaml: crmpulse_collector_ingest_skipped_samples_total "
          "counts by reason.",
          "请查明是谁发送过多，或调高 collector.yaml 中的 "
          "limits：crmpulse_collector_ingest_skipped_samples_total 按原因计数。"},
    Words{
        "the tokens cannot be read", "无法读取令牌",
        "The collector cannot read its tokens. Those that it read before stay valid, new ones do not work.",
        "采集器无法读取令牌：此前读到的令牌仍然有效，新的令牌不生效。",
        "Check owner, mode and content of tokens.json in state_dir: crmpulse-collector token list says what is wrong.",
        "请检查 state_dir 中 tokens.json 的属主、权限和内容：crmpulse-collector token list 会说明问题所在。"},
    Words{"receiver {0} is not reached", "消息无法送达接收端 {0}",
          "Receiver {0} fails again and again. Its messages wait, and are sent when it takes them again.",
          "接收端 {0} 持续失败。发给它的消息在等待，恢复后会补发。",
          "Check its address, its secret and the way to it: crmpulse-collector test-alert --config FILE {0}",
          "请检查它的地址、密钥和网络：crmpulse-collector test-alert --config FILE {0}"},
    Words{"the certificate expires soon", "证书即将到期", "The collector's TLS certificate expires at {1}.",
          "采集器的 TLS 证书将于 {1} 到期。",
          "Renew it and put it where tls.cert_file says: it is taken without a restart.",
          "请续期并放到 tls.cert_file 所指的位置：无需重启即可生效。"},
    Words{
        "token {0} expires soon", "令牌 {0} 即将到期", "Token {0} expires at {1}; then its requests are refused.",
        "令牌 {0} 将于 {1} 到期，此后使用它的请求会被拒绝。",
        "Create another one (crmpulse-collector token create), give it to whoever uses this one, and revoke this one.",
        "请新建一个令牌（crmpulse-collector token create）交给使用者，再吊销这个令牌。"},
    Words{"the collector's clock is wrong", "采集器的时钟不准",
          "The clock of the collector differs from those of all agents ({1}).",
          "采集器的时钟与所有探针的时钟都不一致（{1}）。",
          "Look at what sets the clock of the collector's host (chronyc tracking, timedatectl).",
          "请检查采集器主机的校时服务（chronyc tracking、timedatectl）。"},
    Words{"its clock is wrong", "时钟不准",
          "The clock of agent {0} is wrong ({1}). Its samples are corrected as far as that is possible.",
          "探针 {0} 的时钟不准（{1}）。其样本的时间会尽量校正。",
          "Look at what sets the clock of its host (chronyc tracking, timedatectl).",
          "请检查其主机的校时服务（chronyc tracking、timedatectl）。"},
    Words{
        "its requests are refused", "请求被拒绝",
        "Requests of agent {0} are refused ({1}): nothing that it measures arrives.",
        "探针 {0} 的请求被拒绝（{1}），其测量数据无法到达。",
        "Check its token: crmpulse-collector token list shows role, agent, CRMs and expiry; the agent's log says what "
        "it was answered.",
        "请检查它的令牌：crmpulse-collector token list 会列出角色、探针、CRM 和到期时间；探针的日志中有收到的应答。"},
    Words{"it dropped samples", "丢弃了样本", "Agent {0} dropped samples that it could not deliver in time ({1}).",
          "探针 {0} 丢弃了未能及时送出的样本（{1}）。",
          "See in its log why it could not send. If outages may last that long, raise ship.spool_max in agent.yaml.",
          "请在其日志中查看无法发送的原因。如果中断可能持续这么久，请调高 agent.yaml 中的 ship.spool_max。"},
    Words{
        "its spool was damaged", "暂存数据有损坏",
        "The spool of agent {0} was damaged and set aside ({1}). What could be read of it is sent.",
        "探针 {0} 的暂存数据有损坏，已搁置（{1}）。能读出的部分会照常发送。",
        "Look at the disk of its host. Remove the files named *.damaged-* in its state_dir when nobody needs them any "
        "more: that ends this message.",
        "请检查其主机的磁盘。不再需要其 state_dir 中名为 *.damaged-* 的文件时请将其删除，本消息随之结束。"},
    Words{"the certificate cannot be renewed", "证书无法续期",
          "The collector cannot renew its TLS certificate ({1}). The present one stays in use until it ends.",
          "采集器无法为自己的 TLS 证书续期（{1}）。当前证书在到期前继续使用。",
          "See why in the collector's log: tls.ca_file, tls.ca_key_file and tls.key_file must be readable, and the "
          "folder of tls.cert_file writable, for the service. It tries again each minute.",
          "请查看采集器日志中的原因：服务须能读取 tls.ca_file、tls.ca_key_file 和 tls.key_file，并能写入 tls.cert_file "
          "所在的文件夹。采集器每分钟重试一次。"},
    Words{"the certificate authority expires soon", "CA 证书即将到期",
          "The authority that signs the collector's certificate expires at {1}. From then on no agent trusts the "
          "collector.",
          "签发采集器证书的 CA 将于 {1} 到期，此后探针将不再信任采集器。",
          "Make another one (crmpulse-collector setup --new-authority) and let each agent join again "
          "(crmpulse-collector invite).",
          "请新建一个 CA（crmpulse-collector setup --new-authority），并让每个探针重新加入（crmpulse-collector "
          "invite）。"},
};

constexpr std::size_t kMostNames = 300;

std::string filled(std::string_view words, const std::string& subject, const std::string& detail) {
  return fmt::format(fmt::runtime(words), subject, detail);
}

/// Several agents, receivers or tokens at once.
TroubleText text_of_several(const Words& words, const std::string& names) {
  TroubleText out;
  out.name = {filled(words.name_en, "", ""), filled(words.name_zh, "", "")};
  out.text = {fmt::format("The same is wrong in several places at once: {}.", names),
              fmt::format("多处同时出现同样的问题：{}。", names)};
  out.remedy = {filled(words.remedy_en, "…", ""), filled(words.remedy_zh, "…", "")};
  return out;
}

bool has_subject(TroubleKind kind) {
  return is_of_agent(kind) || kind == TroubleKind::receiver || kind == TroubleKind::token;
}

}  // namespace

TroubleText trouble_text(const Trouble& trouble) {
  const Words& words = kWords.at(static_cast<std::size_t>(trouble.kind));
  const std::string subject = shown_name(trouble.subject);
  const std::string detail = one_line(trouble.detail, kMostNames);
  if (has_subject(trouble.kind) && subject.empty()) return text_of_several(words, detail);
  return {{filled(words.name_en, subject, detail), filled(words.name_zh, subject, detail)},
          {filled(words.text_en, subject, detail), filled(words.text_zh, subject, detail)},
          {filled(words.remedy_en, subject, detail), filled(words.remedy_zh, subject, detail)}};
}

std::optional<Trouble> trouble_of(const Message& message) {
  switch (message.type) {
    case Event::collector_trouble:
    case Event::collector_recovered:
    case Event::agent_trouble:
    case Event::agent_recovered: break;
    default: return std::nullopt;
  }
  const auto kind = trouble_from(message.reason);
  if (!kind) return std::nullopt;
  const bool of_agent = message.type == Event::agent_trouble || message.type == Event::agent_recovered;
  return Trouble{*kind, of_agent ? message.subject : message.about, message.why};
}

}  // namespace crmpulse::collector
