# Completion of kubectl-ackcred for PowerShell: asks the program for each TAB.
Register-ArgumentCompleter -Native -CommandName 'kubectl-ackcred' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $isText = [System.Management.Automation.Language.StringConstantExpressionAst]
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_ -is $isText) { $_.Value } else { $_.Extent.Text } })
    $word = "$wordToComplete".Trim("'`"")
    # Before 7.3 an empty argument has to be quoted for a program.
    $last = if ($word -eq '' -and $PSVersionTable.PSVersion -lt [version]'7.3') { '""' } else { $word }
    $answer = @(& kubectl-ackcred __complete @before $last 2>$null)
    $flag = if ($word -match '^-[^=]*=') { $Matches[0] } else { '' }
    foreach ($line in ($answer | Select-Object -SkipLast 1)) {
        $value, $about = $line -split "`t", 2
        $text = if ($value -match '^[\w./:=@%+,-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new("$flag$text", $value, 'ParameterValue', $(if ($about) { $about } else { $value }))
    }
    if ($answer.Count -and $answer[-1] -eq ':0') {
        foreach ($file in [System.Management.Automation.CompletionCompleters]::CompleteFilename($word.Substring($flag.Length))) {
            [System.Management.Automation.CompletionResult]::new("$flag$($file.CompletionText)", $file.ListItemText, $file.ResultType, $file.ToolTip)
        }
    }
}
