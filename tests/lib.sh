# What the test scripts share; to be sourced.

# venv PACKAGE...: puts a Python environment with these packages first on the PATH; fails where that is impossible.
venv() {
  local dir=${CARGO_TARGET_DIR:-target}/venv
  command -v python3 >/dev/null 2>&1 || return 1
  "$dir/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$dir" >/dev/null 2>&1 || return 1
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >/dev/null 2>&1 || return 1
  PATH="$(cd "$dir/bin" && pwd):$PATH"
  export PATH
}
