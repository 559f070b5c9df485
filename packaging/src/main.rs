//! Writes what lies beside the program in a release: man pages, third-party notices, the bill of materials, the krew manifest.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use jiff::Timestamp;

mod dependencies;
mod krew;
mod man;
mod notices;
mod sbom;

use dependencies::Dependencies;

/// Write what lies beside the program in a release
#[derive(Parser)]
#[command(name = "ackcred-packaging")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the man pages
    Man {
        /// An existing folder
        folder: PathBuf,
    },
    /// Write the licence texts of everything that is linked into the program
    Notices {
        /// The file to write
        file: PathBuf,
    },
    /// Write the CycloneDX bill of materials
    Sbom {
        /// The file to write
        file: PathBuf,
        /// When the release was made, in seconds since 1970
        #[arg(long, value_name = "SECONDS")]
        made: i64,
    },
    /// Print the krew manifest with the checksums of archives
    Krew {
        /// Checksums as sha256sum writes them
        checksums: PathBuf,
        /// Print only platforms whose archive is among the checksums; otherwise a missing one is an error
        #[arg(long)]
        partial: bool,
        /// Where the archives are, instead of the release page
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
}

#[expect(clippy::print_stdout, reason = "the manifest goes to standard output")]
fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Man { folder } => man::write(&folder),
        Command::Notices { file } => write(&file, &notices::text(&Dependencies::of_program()?)?),
        Command::Sbom { file, made } => {
            let made = Timestamp::from_second(made).context("--made is no time")?;
            write(&file, &sbom::document(&Dependencies::of_program()?, made)?)
        }
        Command::Krew { checksums, partial, from } => {
            let checksums = krew::Checksums::read(&checksums)?;
            print!("{}", krew::manifest(&checksums, partial, from.as_deref())?);
            Ok(())
        }
    }
}

fn write(file: &std::path::Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("can't write {}", file.display()))
}
