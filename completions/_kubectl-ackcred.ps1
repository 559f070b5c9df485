# Completion of kubectl-ackcred for PowerShell: asks the program for each TAB.
Register-ArgumentCompleter -Native -CommandName 'kubectl-ackcred' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or -not $wordToComplete } |
        ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
    $last = "$wordToComplete".Trim("'`"")
    # Before 7.3 an empty argument has to be quoted for a program.
    if ($last -eq '' -and $PSVersionTable.PSVersion -lt [version]'7.3') { $last = '""' }
    $answer = @(& kubectl-ackcred __complete @before $last 2>$null)
    $flag = if ($last -match '^-[^=]*=') { $Matches[0] } else { '' }
    foreach ($line in ($answer | Select-Object -SkipLast 1)) {
        $value, $about = $line -split "`t", 2
        $text = if ($value -match '^[\w./:=@%+,-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        if (-not $about) { $about = $value }
        [System.Management.Automation.CompletionResult]::new("$flag$text", $value, 'ParameterValue', $about)
    }
    if ($answer.Count -and $answer[-1] -eq ':0') {
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($last.Substring($flag.Length).Trim('"'))
    }
}
