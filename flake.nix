# nix run github:edot-tui/edot-tui -- lab. The version is that of Cargo.toml.
{
  description = "Watch an OpenTelemetry Collector gateway scale under a Kubernetes HPA";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";
  outputs = { self, nixpkgs }:
    let
      package = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).package;
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
    in
    {
      packages = nixpkgs.lib.genAttrs systems (system:
        let pkgs = nixpkgs.legacyPackages.${system};
        in {
          default = pkgs.rustPlatform.buildRustPackage {
            pname = package.name;
            version = package.version;
            src = self;
            cargoLock.lockFile = ./Cargo.lock;
            buildType = "dist";
            # The tests take ports and time; they run where the program is developed.
            doCheck = false;
            EDOT_TUI_COMMIT = self.shortRev or "";
            nativeBuildInputs = [ pkgs.installShellFiles ];
            postInstall = ''
              $out/bin/edot-tui man > edot-tui.1
              installManPage edot-tui.1
              for shell in bash zsh fish; do
                $out/bin/edot-tui completions $shell > edot-tui.$shell
                installShellCompletion --cmd edot-tui --$shell edot-tui.$shell
              done
            '';
            meta = {
              description = package.description;
              license = pkgs.lib.licenses.asl20;
              mainProgram = "edot-tui";
            };
          };
        });
    };
}
