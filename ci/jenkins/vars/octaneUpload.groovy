// A step of a shared library: `octaneUpload files: 'build/**/TEST-*.xml', suite: 'Nightly', credentials: 'octane'`.
// See ci/README.md.
//
// `octane` has to be on the PATH of the agent or in the stage's image: build it with `cargo install --path
// crates/octane-cli` in a checkout of this project. OCTANE_URL is in the environment; `credentials` is the ID of
// credentials of the kind "Username with password": client ID and client secret of the API key.
def call(Map options = [:]) {
    if (!(options.files && options.suite && options.credentials)) {
        error 'octaneUpload needs files, suite and credentials'
    }
    def module = options.module ?: ''
    def credentials = usernamePassword(
        credentialsId: options.credentials,
        usernameVariable: 'OCTANE_CLIENT_ID',
        passwordVariable: 'OCTANE_CLIENT_SECRET')
    try {
        withCredentials([credentials]) {
            withEnv(["OCTANE_FILES=${options.files}", "OCTANE_SUITE=${options.suite}", "OCTANE_MODULE=${module}"]) {
                sh libraryResource('octane/upload.sh')
            }
        }
    } catch (failure) {
        // What could not be uploaded yet, also by earlier builds. To continue: `octane resume --all --spool octane-uploads`.
        archiveArtifacts artifacts: 'octane-uploads/**', allowEmptyArchive: true
        throw failure
    }
}
