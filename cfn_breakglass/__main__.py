from cfn_breakglass.cli import main

main()
