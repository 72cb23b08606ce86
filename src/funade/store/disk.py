"""Where the store's file lies: a disk of this machine, or one that is shared over the network."""

import re
from pathlib import Path

#: Kinds of file systems over which the processes that write cannot see each other's memory, as WAL needs it.
_SHARED = re.compile(
    r"nfs|nfs4|cifs|smb3|smbfs|ncpfs|afs|ceph|lustre|gpfs|beegfs|orangefs|ocfs2|gfs2"
    r"|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone|gcsfuse|mount-s3|davfs2?|juicefs)"
)
_MOUNTS = Path("/proc/self/mountinfo")


def shared_file_system(path: Path) -> str | None:
    """Return the kind of network file system that `path` lies on; None on a disk of this machine, or where unknown."""
    try:
        mounts = _MOUNTS.read_text(errors="replace")
    except OSError:
        return None
    return shared_kind(path.resolve(), mounts)


def shared_kind(path: Path, mounts: str) -> str | None:
    """Return the kind of network file system that `path` lies on by the words of `mounts` (proc_pid_mountinfo(5))."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        words = mount.split(" ")
        if len(words) < 5 or not source:
            continue
        point = Path(re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), words[4]))
        # Of two mounts at one place, the later one covers the earlier.
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), source.split(" ")[0]
    return kind if _SHARED.fullmatch(kind) else None
