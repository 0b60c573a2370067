# Homebrew formula. Filled in by packaging/release.
class EdotTui < Formula
  desc "Watch an OpenTelemetry Collector gateway scale under a Kubernetes HPA"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license "Apache-2.0"

  # only aarch64-apple-darwin
  if OS.mac? && Hardware::CPU.arm?
    url "@REPOSITORY@/releases/download/v@VERSION@/edot-tui-@VERSION@-aarch64-apple-darwin.tar.gz"
    sha256 "@SHA256:aarch64-apple-darwin@"
  end
  # end
  # only x86_64-apple-darwin
  if OS.mac? && Hardware::CPU.intel?
    url "@REPOSITORY@/releases/download/v@VERSION@/edot-tui-@VERSION@-x86_64-apple-darwin.tar.gz"
    sha256 "@SHA256:x86_64-apple-darwin@"
  end
  # end
  # only aarch64-unknown-linux-gnu
  if OS.linux? && Hardware::CPU.arm?
    url "@REPOSITORY@/releases/download/v@VERSION@/edot-tui-@VERSION@-aarch64-unknown-linux-gnu.tar.gz"
    sha256 "@SHA256:aarch64-unknown-linux-gnu@"
  end
  # end
  # only x86_64-unknown-linux-gnu
  if OS.linux? && Hardware::CPU.intel?
    url "@REPOSITORY@/releases/download/v@VERSION@/edot-tui-@VERSION@-x86_64-unknown-linux-gnu.tar.gz"
    sha256 "@SHA256:x86_64-unknown-linux-gnu@"
  end
  # end

  def install
    bin.install "edot-tui"
    man1.install "edot-tui.1"
    bash_completion.install "completions/edot-tui.bash" => "edot-tui"
    zsh_completion.install "completions/_edot-tui"
    fish_completion.install "completions/edot-tui.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/edot-tui --version")
    system bin/"edot-tui", "status", "--lab"
  end
end
