#pragma once
#include <string>

namespace rayctl {

// Shell scripts that a node runs for file sync: sh -c SCRIPT rayctl-sync ARGUMENTS, in its home.
// They need a POSIX sh and its usual programs, tar, and xargs with -0; gzip, `stat -c` and `sync`
// with arguments where there are. RECORD is a path without a suffix below the home; what a node
// knows of a mount is RECORD.log (delivered.h), RECORD.names (what was delivered, NUL between
// names), RECORD.stat (how those files looked then), RECORD.blocks (sums of the blocks of large
// files, by their digests) and, while a delivery runs, RECORD.doing (its staging folder). Exit code
// 73 if the files could not be changed.

/// Arguments: RECORD, the digest that the caller believes was delivered last. Prints "gzip" or
/// "plain", and "whole" or, if a delivery was begun and did not end, "broken"; then "none", or
/// "same SIZE" or "log SIZE" and the log; then "steady", or "moved SIZE SIZE" and how the files
/// looked at delivery and look now, one a line: size and time of change, or checksum, before the
/// name.
std::string sync_look_script();

/// Arguments: RECORD, the folder that receives, and for each file its digest and its name there.
/// For each prints the size of what RECORD.blocks/DIGEST holds, and that; "0" if there is no such,
/// or the file cannot be read.
std::string sync_blocks_script();

/// Arguments: RECORD, the folder that receives, a token for this delivery, 1 if the input is
/// compressed, a place that must not be a file ("" for none), the modes that files must get ("755
/// 600"). Standard input is a tar archive of the folder's new contents, with a folder
/// .rayctl-control in it:
///   fresh     the log is begun anew         begun     is added to the log before anything changes
///   remove    names to remove               rmdirs    folders to remove if they are empty
///   maybe     names to remove that may not be there, or be folders
///   dirs      folders, "." among them, those above first          few       files to flush singly
///   mode-755  names that get that mode      names     becomes RECORD.names
///   done      is added to the log at last   whole     becomes the log instead
///   blocks    files that go to RECORD.blocks     stale   names to remove there
///   patch     a folder for each file that is made of its old form: name, size and mode of the
///             new one, data (blocks of kSumBlock bytes, and the time of the new one), and runs,
///             lines "SEEK SKIP COUNT" in blocks
///   complete  the archive was not cut
/// The archive is unpacked beside its place and renamed into it once it is on the disk: one file
/// after the other, or a folder that is new as a whole.
std::string sync_deliver_script();

/// The folder in the archive that holds what is not delivered.
inline constexpr char kSyncControl[] = ".rayctl-control";

}  // namespace rayctl
