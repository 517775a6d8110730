# What the machine has: sourced by deploy/voyo.


# The limits "$1" (cpu.max, memory.max) of this process's cgroup and all its
# parents, one a line, as the files have them; empty if there are none.

cgroup_limits()
{
    local path

    path=$(sed -n 's/^0:://p' /proc/self/cgroup 2> /dev/null || true)

    while :; do
        cat "/sys/fs/cgroup$path/$1" 2> /dev/null || true
        case $path in
        */*) path=${path%/*} ;;
        *) break ;;
        esac
    done
}


# Cores that this process may use, limited by the cgroup's quota.

cores()
{
    local cores quota period limit

    cores=$(nproc)

    while read -r quota period; do
        [ "$quota" != max ] || continue
        limit=$(((quota + period - 1) / period))
        [ "$limit" -ge "$cores" ] || cores=$limit
    done < <(cgroup_limits cpu.max
             paste /sys/fs/cgroup/cpu/cpu.cfs_{quota,period}_us \
                 2> /dev/null | grep -v '^-' || true)

    echo "$((cores > 0 ? cores : 1))"
}


# Megabytes of memory, limited by the cgroup.

memory()
{
    local all limit

    all=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)

    while read -r limit; do
        [ "$limit" != max ] || continue
        limit=$((limit / 1048576))
        [ "$limit" -ge "$all" ] || all=$limit
    done < <(cgroup_limits memory.max
             cat /sys/fs/cgroup/memory/memory.limit_in_bytes \
                 2> /dev/null || true)

    echo "$all"
}


# Half of the disk space that is free under the directory "$1" or used by its
# file cache, in megabytes, 16 to 1024.

cache_megabytes()
{
    local free used

    free=$(df --output=avail -m "$1" | tail -n 1)
    used=$(du -sm "$1/cache" 2> /dev/null | cut -f 1)
    free=$(((free + ${used:-0}) / 2))

    echo "$((free > 1024 ? 1024 : free > 16 ? free : 16))"
}


# The name servers in the file "$1" (resolv.conf), in nginx's syntax.

name_servers()
{
    local word server _

    while read -r word server _; do
        [ "$word" = nameserver ] || continue

        case $server in
        *[!0-9a-fA-F.:%]* | '')
            # a scope id may contain letters
            case ${server%%%*} in
            *[!0-9a-fA-F:]* | '') continue ;;
            esac
            ;;
        esac

        server=${server%%%*}
        case $server in
        *:*) echo "[$server]" ;;
        *) echo "$server" ;;
        esac
    done < "$1"
}


ipv6_there()
{
    # files in /proc have size 0, so test -s fails
    grep -q . /proc/net/if_inet6 2> /dev/null
}


# Whether no process listens on PORT.

port_free()
{
    local hex file

    hex=$(printf ':%04X' "$PORT")

    for file in /proc/net/tcp /proc/net/tcp6; do
        [ -r "$file" ] || continue
        ! awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { found = 1 }
                              END { exit !found }' "$file" || return 1
    done
}
