#pragma once
// What the service is called, and by whom it is run.

namespace crmpulse::agent::windows {

inline constexpr const wchar_t* kServiceName = L"crmpulse-agent";  ///< also the source of its events
inline constexpr const wchar_t* kDisplayName = L"crmpulse agent";
inline constexpr const wchar_t* kDescription =
    L"Measures CRMs and ships what it finds to a collector. 测量 CRM 的健康状况，并把结果发送给采集器。";
/// An account that exists with the service only and has no password.
inline constexpr const char* kVirtualAccount = "NT SERVICE\\crmpulse-agent";
inline constexpr const char* kLocalService = "NT AUTHORITY\\LocalService";
/// The SID of the virtual account, and of the service whatever its account: S-1-5-80- and the SHA-1 of the name in
/// capitals, in UTF-16. Known before the service is there.
inline constexpr const wchar_t* kServiceSid = L"S-1-5-80-3187315508-3758617822-103509029-1114537744-2240042814";

}  // namespace crmpulse::agent::windows
