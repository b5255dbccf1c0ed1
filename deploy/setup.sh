# Sourced by the scripts beside it: installs what is missing of Debian's packages.

# install_missing PACKAGE...: asks dpkg first, so that a machine that has everything needs neither network nor rights.
install_missing() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "install these first, as root: apt-get install ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    echo "installing ${missing[*]}" >&2
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
}

# require_swift: says what is missing in one line rather than failing somewhere below.
require_swift() {
    command -v swift >/dev/null || {
        echo "no swift on PATH: install the Swift toolchain 6.2 or later (swift.org/install)" >&2
        return 1
    }
}
