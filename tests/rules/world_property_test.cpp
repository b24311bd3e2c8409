// Random histories of several CRMs, agents and vendors against the invariants of docs/health-states.md.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/rules/timeline.h"
#include "tests/rules/world.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

// CHECK notes every success too; over hundreds of thousands that is most of the run.
#define HOLDS(...)                            \
  do {                                        \
    if (!(__VA_ARGS__)) CHECK((__VA_ARGS__)); \
  } while (false)

namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int upto(int most) { return std::uniform_int_distribution<int>{0, most}(engine_); }
  bool one_in(int n) { return upto(n - 1) == 0; }

 private:
  std::mt19937 engine_;
};

struct Watched {
  std::string name;
  std::string kind;
  std::vector<std::string> agents;
};

struct Scene {
  Ruleset ruleset;
  std::vector<ReceiverSpec> receivers;
  std::vector<Watched> crms;
};

const std::vector<std::string> kAgents{"north", "south", "prometheus"};  // the last sends no heartbeats

Scene random_scene(Dice& dice) {
  Scene scene;
  Rule rule = table_rule();
  rule.sub.hold = dice.upto(3) * 15s;
  rule.poor.hold = dice.upto(2) * 15s;
  rule.recover_sub = dice.upto(3) * 15s;
  rule.recover_poor = dice.upto(3) * 15s;
  scene.ruleset = Ruleset{table_settings(), {rule}};
  NotificationPolicy& settings = scene.ruleset.settings;
  if (dice.one_in(2)) settings.group_wait_poor = 0s;
  // An hour of quiet is in the tests of one CRM; here half of it must do.
  settings.flap_window = 20min;
  settings.flap_stable = 5min;
  settings.digest_opens = 1 + dice.upto(3);
  settings.vendor_outage.crms = 2 + dice.upto(2);
  settings.vendor_outage.window = (1 + dice.upto(4)) * 1min;

  ReceiverSpec later = receiver("later", static_cast<Level>(1 + dice.upto(1)));
  later.escalate_after = (1 + dice.upto(9)) * 1min;
  ReceiverSpec grouping = receiver("grouping");
  grouping.digests = false;
  ReceiverSpec saas = receiver("saas");
  saas.only = {{"kind", {"salesforce"}}};
  scene.receivers = {receiver("chat"), receiver("pager", Level::poor), later, grouping, saas};

  const int count = 3 + dice.upto(5);
  for (int i = 0; i < count; ++i) {
    Watched crm{fmt::format("c{}", i), dice.one_in(3) ? "tryton" : "salesforce", {}};
    crm.agents.push_back(kAgents[static_cast<std::size_t>(dice.upto(2))]);
    if (dice.one_in(4)) crm.agents.push_back(kAgents[static_cast<std::size_t>(dice.upto(2))]);
    scene.crms.push_back(std::move(crm));
  }
  return scene;
}

/// One round of 15 s: what is measured, by whom, and what operators say.
struct Round {
  std::vector<std::optional<double>> values;  ///< by CRM
  std::set<std::string> silent;               ///< agents
  std::optional<double> vendor;               ///< what the status page says through the first CRM
  std::size_t said_of = 0;
  enum class Said { nothing, maintenance, silence, ack, mute } said = Said::nothing;
  bool on = false;
};

std::vector<Round> random_rounds(Dice& dice, const Scene& scene, int length) {
  constexpr double kValues[] = {200, 950, 1500, 2800, 4000};
  std::vector<Round> rounds;
  std::vector<double> level(scene.crms.size(), 200);
  std::vector<bool> missing(scene.crms.size(), false);
  std::set<std::string> silent;
  for (int i = 0; i < length; ++i) {
    const bool burst = dice.one_in(25);
    const bool over = dice.one_in(25);
    Round round;
    for (std::size_t crm = 0; crm < scene.crms.size(); ++crm) {
      if (dice.one_in(10)) level[crm] = kValues[dice.upto(4)];
      if (burst && scene.crms[crm].kind == "salesforce") level[crm] = 4000;
      if (over) level[crm] = 200;
      if (dice.one_in(40)) missing[crm] = !missing[crm];
      round.values.push_back(missing[crm] ? std::nullopt : std::optional{level[crm]});
    }
    for (const std::string& agent : kAgents) {
      if (!dice.one_in(30)) continue;
      if (!silent.erase(agent)) silent.insert(agent);
    }
    round.silent = silent;
    if (dice.one_in(10)) round.vendor = dice.one_in(2) ? 3 : 0;
    if (dice.one_in(12)) {
      round.said = static_cast<Round::Said>(1 + dice.upto(3));
      round.said_of = static_cast<std::size_t>(dice.upto(static_cast<int>(scene.crms.size()) - 1));
      round.on = dice.one_in(2);
    }
    rounds.push_back(std::move(round));
  }
  return rounds;
}

void say(World& world, const Scene& scene, const Round& round) {
  const std::string& crm = scene.crms[round.said_of].name;
  switch (round.said) {
    case Round::Said::nothing: return;
    case Round::Said::maintenance: return world.engine().set_maintenance(crm, round.on, world.now());
    case Round::Said::silence: return world.engine().set_silence(crm, round.on, world.now());
    case Round::Said::ack: return world.engine().acknowledge(crm, "operator", world.now() + 10min, world.now());
    case Round::Said::mute: return world.engine().set_muted(round.on);
  }
}

/// What is true of messages in the light of what happened; fed with every message once.
class Witness {
 public:
  explicit Witness(const Scene& scene) : scene_(scene) {}

  void spoke(const std::string& agent, TimePoint at) { spoke_[agent] = at; }
  /// What begins and ends while nothing is said is not known from messages.
  void muted() {
    for (auto& [key, told] : notices_) told.together = false;
  }
  void check(const std::vector<Message>& messages) {
    for (const Message& message : messages) {
      if (message.type == Event::digest)
        check_digest(message);
      else if (message.crm.empty())
        check_notice(message);
      else
        check_incident(message);
    }
  }
  [[nodiscard]] Level told(const std::string& receiver, const std::string& crm) {
    const auto& known = open_[{receiver, crm}];
    return known.open ? known.level : Level::healthy;
  }
  [[nodiscard]] bool any_notice() const {
    return std::any_of(notices_.begin(), notices_.end(), [](const auto& notice) { return notice.second.on; });
  }
  [[nodiscard]] const std::map<std::pair<std::string, std::string>, Level>& all_told() {
    all_.clear();
    for (const auto& [key, known] : open_) {
      if (known.open) all_[key] = known.level;
    }
    return all_;
  }

 private:
  struct Open {
    bool open = false;
    Level level = Level::healthy;
    std::int64_t seq = 0;
    std::vector<TimePoint> heard;
  };
  struct Told {
    bool on = false;
    TimePoint since;
    std::int64_t seq = 0;
    bool together = false;
  };

  /// Neither before a resolved, nor a second time, nor for something a vendor or a lost agent explains.
  void check_opening(const Message& message, const std::string& crm, TimePoint state_since) {
    HOLDS(!open_[{message.receiver, crm}].open);
    const auto watched =
        std::find_if(scene_.crms.begin(), scene_.crms.end(), [&](const Watched& one) { return one.name == crm; });
    const Told& vendor = notices_[{message.receiver, "vendor/" + watched->kind}];
    // With a status page one cause may end and the other go on, of which no message tells.
    const bool with_page = scene_.crms[0].kind == watched->kind;
    if (vendor.on && vendor.together && !with_page) HOLDS(state_since < vendor.since);
  }

  void check_incident(const Message& message) {
    Open& known = open_[{message.receiver, message.crm}];
    HOLDS(message.seq == ++known.seq);
    HOLDS(!message.incident.empty());
    if (message.type == Event::opened) {
      check_opening(message, message.crm, message.status.since);
      if (message.reason == "no_data") check_no_data(message);
      count_opening(message);
    } else if (message.type != Event::flapping) {
      HOLDS(known.open);
    }
    known.open = message.type != Event::resolved;
    known.level = message.state;
    known.heard.push_back(message.at);
    const auto lately =
        std::count_if(known.heard.begin(), known.heard.end(), [&](TimePoint at) { return at > message.at - 1h; });
    HOLDS(lately <= 16);
  }

  /// Somebody who feeds the CRM must have spoken since its data went missing.
  void check_no_data(const Message& message) {
    const auto watched = std::find_if(scene_.crms.begin(), scene_.crms.end(),
                                      [&](const Watched& one) { return one.name == message.crm; });
    bool spoke = false;
    for (const std::string& agent : watched->agents)
      spoke = spoke || agent == "prometheus" || spoke_[agent] >= message.status.since;
    HOLDS(spoke);
  }

  void count_opening(const Message& message) {
    if (message.receiver == "grouping") return;
    std::vector<TimePoint>& opens = opens_[message.receiver];
    opens.push_back(message.at);
    const NotificationPolicy& settings = scene_.ruleset.settings;
    const auto lately = std::count_if(opens.begin(), opens.end(),
                                      [&](TimePoint at) { return at > message.at - settings.digest_window; });
    HOLDS(lately <= settings.digest_opens);
    // What gets worse while it flaps is told at once.
    if (!message.status.flapping) HOLDS(message.at >= digests_[message.receiver] + settings.digest_window);
  }

  void check_digest(const Message& message) {
    HOLDS(message.receiver != "grouping");
    HOLDS(message.counted.size() == message.listed.size() + message.unlisted);
    if (message.reason == "worse") return check_worse(message);
    TimePoint& last = digests_[message.receiver];
    HOLDS(message.at >= last + scene_.ruleset.settings.digest_window);
    last = message.at;
    for (const CrmStatus& status : message.listed) {
      check_opening(message, status.crm, status.since);
      Open& known = open_[{message.receiver, status.crm}];
      ++known.seq;
      known.open = true;
      known.level = status.state;
    }
  }

  /// What is open got worse, more of it than is told one by one.
  void check_worse(const Message& message) {
    for (const CrmStatus& status : message.listed) {
      Open& known = open_[{message.receiver, status.crm}];
      HOLDS(known.open);
      HOLDS(status.state > known.level);
      ++known.seq;
      known.level = status.state;
    }
  }

  void check_notice(const Message& message) {
    Told& told = notices_[{message.receiver, message.subject}];
    HOLDS(message.seq > told.seq);
    told.seq = message.seq;
    const bool begins = message.type == Event::agent_lost || message.type == Event::vendor_outage;
    if (message.type == Event::agent_lost) HOLDS(!told.on);
    if (!begins) HOLDS(told.on);
    told.on = begins;
    told.since = message.since;
    told.together = std::find(message.causes.begin(), message.causes.end(), "crms") != message.causes.end();
  }

  const Scene& scene_;
  std::map<std::pair<std::string, std::string>, Open> open_;     ///< by receiver and CRM
  std::map<std::pair<std::string, std::string>, Told> notices_;  ///< by receiver and subject
  std::map<std::string, std::vector<TimePoint>> opens_;
  std::map<std::string, TimePoint> digests_;
  std::map<std::string, TimePoint> spoke_;
  std::map<std::pair<std::string, std::string>, Level> all_;
};

class Play {
 public:
  explicit Play(const Scene& scene) : scene_(scene), world_(scene.ruleset, scene.receivers), witness_(scene_) {}

  void take(const Round& round) {
    std::vector<int> before;
    std::vector<bool> fed(scene_.crms.size(), false);
    for (const Watched& crm : scene_.crms) {
      const auto status = world_.engine().status(crm.name);
      before.push_back(status ? static_cast<int>(status->state) : 0);
    }
    for (std::size_t i = 0; i < scene_.crms.size(); ++i) {
      for (const std::string& agent : scene_.crms[i].agents) {
        if (round.silent.contains(agent) || !round.values[i]) continue;
        world_.measure(scene_.crms[i].name, scene_.crms[i].kind, *round.values[i], agent);
        witness_.spoke(agent, world_.now());
        fed[i] = true;
      }
    }
    for (const std::string& agent : kAgents) {
      if (agent == "prometheus" || round.silent.contains(agent)) continue;
      world_.heartbeat(agent);
      witness_.spoke(agent, world_.now());
    }
    const Watched& reader = scene_.crms[0];
    if (round.vendor && !round.silent.contains(reader.agents[0])) {
      world_.vendor_says(reader.name, reader.kind, "NA45", *round.vendor, reader.agents[0]);
      witness_.spoke(reader.agents[0], world_.now());
    }
    say(world_, scene_, round);
    if (round.said == Round::Said::mute) witness_.muted();
    world_.pass(15s);
    for (std::size_t i = 0; i < scene_.crms.size(); ++i) {
      const auto status = world_.engine().status(scene_.crms[i].name);
      if (!status) continue;
      const int state = static_cast<int>(status->state);
      HOLDS((state >= 0 && state <= 2));
      if (!fed[i]) HOLDS(state >= before[i]);
    }
    witness_.check(world_.messages());
    story_ += tell(world_.messages());
    world_.forget_messages();
  }

  /// Everything speaks, nothing is held back; half an hour is enough for every timer.
  void settle(double value) {
    Round round;
    round.values.assign(scene_.crms.size(), value);
    round.vendor = 0;
    world_.engine().set_muted(false);
    for (const Watched& crm : scene_.crms) {
      world_.engine().set_maintenance(crm.name, false, world_.now());
      world_.engine().set_silence(crm.name, false, world_.now());
    }
    for (int i = 0; i < 120; ++i) take(round);
  }

  void check_everybody_knows() {
    for (const Watched& crm : scene_.crms) {
      const CrmStatus status = world_.engine().status(crm.name).value();
      for (const ReceiverSpec& receiver : scene_.receivers) {
        const bool sees = matches(receiver.only, status.labels) && status.state >= receiver.min_level;
        INFO(receiver.name << " about " << crm.name);
        HOLDS(witness_.told(receiver.name, crm.name) == (sees ? status.state : Level::healthy));
      }
    }
  }

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] Witness& witness() { return witness_; }
  [[nodiscard]] const std::string& story() const { return story_; }

 private:
  static std::string tell(const std::vector<Message>& messages) {
    std::string text;
    for (const Message& message : messages)
      text += fmt::format("{} {} {} {} {}\n", format_time(message.at), message.receiver, message.subject,
                          to_string(message.type), message.incident);
    return text;
  }

  Scene scene_;
  World world_;
  Witness witness_;
  std::string story_;
};

/// Invariants 1 to 5 along the way, restarts included, and at the end.
void check_histories(unsigned first, unsigned last) {
  for (unsigned seed = first; seed <= last; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Scene scene = random_scene(dice);
    Play play{scene};
    for (const Round& round : random_rounds(dice, scene, 80)) {
      play.take(round);
      if (dice.one_in(30)) play.world().restart();
    }
    // All poor together is an outage of the vendor, which holds what would be told.
    play.settle(dice.one_in(2) ? 200.0 : 1500.0);
    play.check_everybody_knows();
    HOLDS(!play.witness().any_notice());
  }
}

void check_restarts(unsigned first, unsigned last) {
  for (unsigned seed = first; seed <= last; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Scene scene = random_scene(dice);
    Play plain{scene};
    Play restarted{scene};
    for (const Round& round : random_rounds(dice, scene, 60)) {
      plain.take(round);
      restarted.take(round);
      if (dice.one_in(15)) restarted.world().restart();
    }
    const double end = dice.one_in(2) ? 200.0 : 1500.0;
    plain.settle(end);
    restarted.settle(end);
    for (const Watched& crm : scene.crms) HOLDS(plain.world().state(crm.name) == restarted.world().state(crm.name));
    HOLDS(plain.witness().all_told() == restarted.witness().all_told());
  }
}

}  // namespace

TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 1", "[slow]") {
  check_histories(1, 250);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 2", "[slow]") {
  check_histories(251, 500);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 3", "[slow]") {
  check_histories(501, 750);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 4", "[slow]") {
  check_histories(751, 1000);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 5", "[slow]") {
  check_histories(1001, 1250);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 6", "[slow]") {
  check_histories(1251, 1500);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 7", "[slow]") {
  check_histories(1501, 1750);
}
TEST_CASE("many CRMs, agents and vendors: every message has its place, and in the end everybody knows, 8", "[slow]") {
  check_histories(1751, 2000);
}

TEST_CASE("many CRMs: a restart at any point ends in the same states and the same told, 1", "[slow]") {
  check_restarts(1, 150);
}
TEST_CASE("many CRMs: a restart at any point ends in the same states and the same told, 2", "[slow]") {
  check_restarts(151, 300);
}
TEST_CASE("many CRMs: a restart at any point ends in the same states and the same told, 3", "[slow]") {
  check_restarts(301, 450);
}
TEST_CASE("many CRMs: a restart at any point ends in the same states and the same told, 4", "[slow]") {
  check_restarts(451, 600);
}

TEST_CASE("many CRMs: ticks and deadlines give the same messages at the same times", "[slow]") {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Scene scene = random_scene(dice);
    Play jumping{scene};
    Play ticking{scene};
    ticking.world().use_ticks();
    for (const Round& round : random_rounds(dice, scene, 50)) {
      jumping.take(round);
      ticking.take(round);
    }
    HOLDS(jumping.story() == ticking.story());
  }
}

TEST_CASE("many CRMs: what belongs to no CRM goes through bytes unchanged, and damage is noticed", "[slow]") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    Dice dice{seed};
    const Scene scene = random_scene(dice);
    Play play{scene};
    for (const Round& round : random_rounds(dice, scene, 40)) play.take(round);
    const std::string bytes = play.world().engine().save_shared();
    Engine other{scene.ruleset, scene.receivers};
    other.load_shared(bytes).value();
    HOLDS(other.save_shared() == bytes);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 17) {
      Engine third{scene.ruleset, scene.receivers};
      const std::string empty = third.save_shared();
      HOLDS(third.load_shared(std::string_view{bytes}.substr(0, size)).has_error());
      HOLDS(third.save_shared() == empty);
    }
  }
}
