/* t-compression.c */
int main(void){return 0;}
